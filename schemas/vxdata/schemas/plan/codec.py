"""Plans to canonical bytes and back.

Equal plans have equal bytes, so the bytes serve as ticket, cache key and digest input.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from vxdata.schemas.errors import InvalidPlan, InvalidTicket
from vxdata.schemas.json_shape import MAX_BRACKETS, MAX_KEYS, brackets, shape_of
from vxdata.schemas.plan.canonical import canonical
from vxdata.schemas.plan.nodes import PLAN_VERSION, Plan
from vxdata.schemas.plan.predicates import MAX_TERMS, MAX_VALUES
from vxdata.schemas.plan.traverse import children, levels

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

MAX_NESTING: Final = 64
"""Deepest nesting of predicates and subqueries: what reads the plan's JSON goes about 98 levels deep."""

FORMER_VERSION: Final = 1
"""Version of the plan format that is read, but not written any more."""

FORMER_KEYS: Final = {"resource_type": "relation"}
"""Keys of that version -> those of the present one."""

SUPPORTED: Final = (FORMER_VERSION, PLAN_VERSION)

MAX_QUERIES: Final = 100
"""Most subqueries and conditions on ancestors of one plan: each costs what a query costs."""

MAX_PLAN_BYTES: Final = 16 * 1024 * 1024
"""Largest plan, in bytes: room for 100,000 identifiers of 160 characters."""


MAX_PARTS: Final = 2 * MAX_TERMS
"""Most conditions, orders and other objects of one plan, wherever they stand: reading 200,000 took 16 s."""

MAX_ITEMS: Final = 2 * MAX_VALUES
"""Most items of all lists of one plan together."""


def encode(plan: Plan) -> bytes:
    """Write a plan as canonical JSON: sorted keys, no spaces, defaults left out.

    Args:
        plan: The plan.

    Returns:
        UTF-8 bytes, equal for equal plans.

    Raises:
        InvalidPlan: The plan takes more than `MAX_PLAN_BYTES`, is nested too deeply, or holds text that
            is no Unicode.

    Example:
        >>> encode(Plan(relation="volume", limit=1))
        b'{"limit":1,"relation":"volume","version":2}'
    """
    _check_shape(plan)
    try:
        content = canonical(plan.model_dump(mode="json", exclude_none=True))
        data = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        msg = "The query plan holds text that is no Unicode: half of a surrogate pair."
        raise InvalidPlan(msg) from error
    _check_size(data)
    return data


def digest(plan: Plan) -> str:
    """Name a plan by its content.

    Args:
        plan: The plan.

    Returns:
        32 hexadecimal digits, equal for equal queries however their conditions were put together.

    Raises:
        InvalidPlan: The plan takes more than `MAX_PLAN_BYTES`.

    Example:
        >>> digest(Plan(relation="volume", limit=1)) == digest(Plan(relation="volume", limit=2))
        False
    """
    return hashlib.blake2b(encode(plan), digest_size=16).hexdigest()


def decode(data: bytes) -> Plan:
    """Read a plan from the bytes of a ticket.

    Plans of version 1, which call a relation a resource type, are read as the same plan of version 2.

    Args:
        data: What `encode` wrote.

    Returns:
        The plan, well formed but not yet bound to fields and types.

    Raises:
        InvalidTicket: The bytes are not a JSON object.
        InvalidPlan: The version is another one, a key or operator is unknown, or a value is malformed.
    """
    _check_size(data)
    content = parse(data)
    return _plan_of(content, to_json(content, inf_nan_mode="constants"))


def parse(data: bytes) -> Any:
    """Parse JSON that a plan may stand in.

    Args:
        data: JSON of a size that is allowed.

    Returns:
        Its content.

    Raises:
        InvalidTicket: The bytes are not JSON.
        InvalidPlan: It has too many objects or lists.
    """
    count = brackets(data)
    if count > MAX_BRACKETS:
        msg = f"The query plan holds {count:,} brackets; at most {MAX_BRACKETS:,} are allowed."
        raise InvalidPlan(msg, brackets=count, limit=MAX_BRACKETS)
    try:
        return from_json(data, allow_inf_nan=False, cache_strings=False)
    except ValueError as error:
        msg = f"The ticket is not a query plan: {error}."
        raise InvalidTicket(msg) from error


def decode_parsed(content: Any) -> Plan:
    """Read a plan from JSON that has been parsed, as a part of a larger text.

    Args:
        content: The parsed JSON.

    Returns:
        As from `decode`.

    Raises:
        InvalidTicket: As from `decode`.
        InvalidPlan: As from `decode`.
    """
    data = to_json(content, inf_nan_mode="constants")
    _check_size(data)
    return _plan_of(content, data)


def _plan_of(content: Any, data: bytes) -> Plan:
    """Read a plan from its JSON, which is there parsed and as bytes."""
    if not isinstance(content, dict):
        msg = "The ticket is not a query plan: it holds JSON, but not an object."
        raise InvalidTicket(msg)
    _check_parts(content)
    _check_version(content.get("version"))
    if content["version"] == FORMER_VERSION:
        data = to_json(_upgraded(content) | {"version": PLAN_VERSION}, inf_nan_mode="constants")
    try:
        plan = Plan.model_validate_json(data)
    except ValidationError as error:
        problems = [_describe(problem) for problem in error.errors(include_url=False, include_input=False)]
        msg = f"The query plan is malformed: {'; '.join(problems[:5])}."
        raise InvalidPlan(msg, problems=problems[:100]) from error
    _check_shape(plan)
    return plan


def _check_size(data: bytes) -> None:
    if len(data) > MAX_PLAN_BYTES:
        msg = f"The query plan takes {len(data):,} bytes; at most {MAX_PLAN_BYTES:,} are allowed."
        raise InvalidPlan(msg, size=len(data), limit=MAX_PLAN_BYTES)


def _check_parts(content: Any) -> None:
    """Count before anything is made of the parts: models, and above all their errors, take much longer."""
    shape = shape_of(content)
    for count, limit, what in (
        (shape.objects, MAX_PARTS, "conditions and other parts"),
        (shape.items, MAX_ITEMS, "values and other items of lists"),
        (shape.keys, MAX_KEYS, "keys in one of its parts"),
    ):
        if count > limit:
            msg = f"The query plan has {count:,} {what}; at most {limit:,} are allowed."
            raise InvalidPlan(msg, count=count, limit=limit)


def _check_version(version: Any) -> None:
    if version not in SUPPORTED or isinstance(version, bool):
        known = " and ".join(map(str, SUPPORTED))
        msg = f"The query plan has version {version!r:.80}; this side speaks version {known}."
        raise InvalidPlan(msg, version=repr(version)[:80], supported=list(SUPPORTED))


def _upgraded(content: Any) -> Any:
    """Write a plan of version 1, or a part of it, in the words of version 2."""
    match content:
        case {"relation": _}:
            msg = (
                "The query plan is malformed: version 1 names what is read under resource_type, not relation."
            )
            raise InvalidPlan(msg)
        case dict():
            return {FORMER_KEYS.get(key, key): _upgraded(value) for key, value in content.items()}
        case list():
            return [_upgraded(item) for item in content]
        case _:
            return content


def _check_shape(plan: Plan) -> None:
    """Refuse what is nested too deeply, or has too many subqueries; without recursion."""
    found = [levels(condition, MAX_NESTING + 2) for condition in children(plan)]
    each = [level for levels_of_one in found for level in levels_of_one]
    conditions = sum(map(len, each))
    if conditions > MAX_PARTS:
        msg = f"The query plan has {conditions:,} conditions; at most {MAX_PARTS:,} are allowed."
        raise InvalidPlan(msg, count=conditions, limit=MAX_PARTS)
    if max(map(len, found), default=0) > MAX_NESTING + 1:
        msg = f"The query plan is nested deeper than {MAX_NESTING} levels."
        raise InvalidPlan(msg, limit=MAX_NESTING)
    queries = sum([node.reads_other_rows for level in each for node in level])
    if queries > MAX_QUERIES:
        msg = (
            f"The query has {queries:,} subqueries and conditions on ancestors, over {MAX_QUERIES}; "
            "for many values, use is_in."
        )
        raise InvalidPlan(msg, queries=queries, limit=MAX_QUERIES)


def _describe(problem: ErrorDetails) -> str:
    """Say where in the plan a problem lies; pydantic's message names the known operators itself."""
    place = ".".join(str(part) for part in problem["loc"]) or "plan"
    return f"{place}: {problem['msg']}"
