"""Cohorts to canonical bytes and back, as they travel in tickets and actions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError
from pydantic_core import to_json

from vxdata.schemas.cohorts.plan import MAX_CONDITIONS, CohortPlan
from vxdata.schemas.errors import InvalidPlan, InvalidTicket
from vxdata.schemas.json_shape import MAX_KEYS, shape_of
from vxdata.schemas.plan.codec import MAX_PLAN_BYTES, parse
from vxdata.schemas.plan.predicates import MAX_VALUES

if TYPE_CHECKING:
    from collections.abc import Iterable

COHORT_VERSION: Final = 1
"""Version of the format of cohorts; another one is refused."""

MAX_DEPTH: Final = 32
"""Operations on sets within each other, at most."""

MAX_PARTS: Final = MAX_CONDITIONS + 1_000
"""Conditions and other objects of one cohort, at most."""

MAX_ITEMS: Final = 2 * MAX_VALUES
"""Items of all lists of one cohort together, at most."""


def encode_cohort(plan: CohortPlan) -> bytes:
    """Write a cohort as JSON with sorted keys, without spaces and defaults.

    Args:
        plan: The cohort.

    Returns:
        UTF-8 bytes, equal for equal cohorts.

    Raises:
        InvalidPlan: It takes more than `MAX_PLAN_BYTES`, or holds text that is no Unicode.

    Example:
        >>> encode_cohort(CohortPlan(catalog="cda", endpoint="file", limit=1))
        b'{"catalog":"cda","endpoint":"file","limit":1,"version":1}'
    """
    # Nodes say which kind they are, though it is their default.
    content = plan.model_dump(mode="json", exclude_defaults=True) | {"version": plan.version}
    if "entities" in content:
        content["entities"] = plan.entities.model_dump(mode="json")
    try:
        data = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        msg = "The cohort holds text that is no Unicode: half of a surrogate pair."
        raise InvalidPlan(msg) from error
    _check_size(data)
    return data


def decode_cohort(data: bytes) -> CohortPlan:
    """Read a cohort.

    Args:
        data: What `encode_cohort` wrote.

    Returns:
        The cohort, well formed but not yet bound.

    Raises:
        InvalidTicket: The bytes are not a JSON object.
        InvalidPlan: The version is another one, a key or operator is unknown, or a value is malformed.
    """
    _check_size(data)
    return decode_parsed_cohort(parse(data))


def decode_parsed_cohort(content: Any) -> CohortPlan:
    """Read a cohort from JSON that has been parsed, as a part of a larger text.

    Args:
        content: The parsed JSON.

    Returns:
        As from `decode_cohort`.

    Raises:
        InvalidTicket: As from `decode_cohort`.
        InvalidPlan: As from `decode_cohort`.
    """
    if not isinstance(content, dict):
        msg = "A cohort is a JSON object."
        raise InvalidTicket(msg)
    version = content.get("version")
    if version != COHORT_VERSION or isinstance(version, bool):
        msg = f"The cohort has version {version!r:.80}; this side speaks version {COHORT_VERSION}."
        raise InvalidPlan(msg, version=repr(version)[:80], supported=[COHORT_VERSION])
    _check_shape(content)
    try:
        return CohortPlan.model_validate_json(to_json(content, inf_nan_mode="constants"))
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, problem['loc'])) or 'cohort'}: {problem['msg']}"
            for problem in error.errors(include_url=False, include_input=False)
        ]
        msg = f"The cohort is malformed: {'; '.join(problems[:5])}."
        raise InvalidPlan(msg, problems=problems[:100]) from error


def _check_size(data: bytes) -> None:
    if len(data) > MAX_PLAN_BYTES:
        msg = f"The cohort takes {len(data):,} bytes; at most {MAX_PLAN_BYTES:,} are allowed."
        raise InvalidPlan(msg, size=len(data), limit=MAX_PLAN_BYTES)


def _check_shape(content: dict[str, Any]) -> None:
    """Count before anything is made of the parts, as for plans; and without recursion."""
    shape = shape_of(content)
    for count, limit, what in (
        (shape.objects, MAX_PARTS, "conditions and other parts"),
        (shape.items, MAX_ITEMS, "values and other items of lists"),
        (shape.keys, MAX_KEYS, "keys in one of its parts"),
        (_depth(content.get("entities")), MAX_DEPTH, "operations on sets within each other"),
    ):
        if count > limit:
            msg = f"The cohort has {count:,} {what}; at most {limit:,} are allowed."
            raise InvalidPlan(msg, count=count, limit=limit)


def _depth(entities: Any) -> int:
    depth, level = 0, [entities]
    while level and depth <= MAX_DEPTH:
        below = [found for part in level for found in _operands(part)]
        level, depth = below, depth + 1
    return depth


def _operands(part: Any) -> Iterable[Any]:
    found = part.get("of") if isinstance(part, dict) else None
    return found if isinstance(found, list) else (found,) if isinstance(found, dict) else ()
