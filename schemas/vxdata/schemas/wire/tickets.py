"""Tickets: what a client hands in to read a stream.

A ticket is JSON in an envelope: the version of the envelope, the kind of what is in it, and that itself.
So other kinds can follow, and each is refused by name where it is not known. Tickets that are nothing but a
plan, as earlier clients send them, are still read.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from vxdata.schemas.cohorts.codec import decode_parsed_cohort, encode_cohort
from vxdata.schemas.cohorts.plan import MAX_CATALOG_NAME
from vxdata.schemas.errors import InvalidTicket
from vxdata.schemas.plan.codec import MAX_PLAN_BYTES, decode_parsed, encode, parse

if TYPE_CHECKING:
    from vxdata.schemas.cohorts.plan import CohortPlan
    from vxdata.schemas.plan.nodes import Plan

TICKET_VERSION: Final = 1
"""Version of the envelope; a server refuses every other one."""

PLAN: Final = "plan"
"""Kind of a ticket that holds a plan, and the key that it stands under."""

COHORT: Final = "cohort"
"""Kind of a ticket that holds a cohort, and the key that it stands under."""

CATALOG: Final = "catalog"
"""Key of the catalog whose tables a plan reads."""

KEYS: Final = {PLAN: frozenset({PLAN, CATALOG}), COHORT: frozenset({COHORT})}
"""Kinds of ticket that are known -> the keys that only they have."""

ENVELOPE_BYTES: Final = 256
"""Room for the envelope around the largest plan."""

_COMMON: Final = frozenset({"version", "kind", "part"})


@dataclass(frozen=True)
class Ticket:
    """A plan to run.

    Args:
        plan: The plan.
        catalog: Name of the catalog whose tables it reads; None for VxData's own data.
    """

    plan: Plan
    catalog: str | None = None


@dataclass(frozen=True)
class CohortTicket:
    """A cohort whose rows are wanted.

    Args:
        cohort: The cohort, which names its catalog.
    """

    cohort: CohortPlan


def encode_ticket(ticket: Ticket | CohortTicket) -> bytes:
    """Write a ticket as canonical JSON.

    Args:
        ticket: The ticket.

    Returns:
        UTF-8 bytes, equal for equal tickets.

    Raises:
        InvalidPlan: The plan is too large, or nested too deeply.
        InvalidTicket: The name of the catalog is too long.

    Example:
        >>> from vxdata.schemas.plan import Plan
        >>> encode_ticket(Ticket(Plan(relation="volume")))
        b'{"kind":"plan","plan":{"relation":"volume","version":2},"version":1}'
    """
    if isinstance(ticket, CohortTicket):
        return b'{"cohort":%b,"kind":"cohort","version":%d}' % (encode_cohort(ticket.cohort), TICKET_VERSION)
    _check_catalog(ticket.catalog)
    catalog = b"" if ticket.catalog is None else b'"catalog":%b,' % json.dumps(ticket.catalog).encode()
    return b'{%b"kind":"plan","plan":%b,"version":%d}' % (catalog, encode(ticket.plan), TICKET_VERSION)


def decode_ticket(data: bytes) -> Ticket | CohortTicket:
    """Read a ticket.

    Args:
        data: What `encode_ticket` wrote, or a bare plan.

    Returns:
        The ticket; what it holds is well formed but not yet bound.

    Raises:
        InvalidTicket: The bytes are no JSON object, or an envelope of another version, kind or form.
        InvalidPlan: The plan or the cohort is malformed.

    Example:
        >>> decode_ticket(b'{"resource_type":"volume","version":1}').plan.relation
        'volume'
    """
    if len(data) > MAX_PLAN_BYTES + ENVELOPE_BYTES:
        msg = (
            f"The ticket takes {len(data):,} bytes; at most {MAX_PLAN_BYTES + ENVELOPE_BYTES:,} are allowed."
        )
        raise InvalidTicket(msg, size=len(data), limit=MAX_PLAN_BYTES + ENVELOPE_BYTES)
    content = parse(data)
    if not isinstance(content, dict) or "kind" not in content:
        return Ticket(decode_parsed(content))
    _check_envelope(content)
    if content["kind"] == COHORT:
        return CohortTicket(decode_parsed_cohort(content[COHORT]))
    return Ticket(decode_parsed(content[PLAN]), content.get(CATALOG))


def _check_envelope(content: dict[str, Any]) -> None:
    version, kind = content.get("version"), content["kind"]
    if version != TICKET_VERSION or isinstance(version, bool):
        msg = f"The ticket has version {version!r:.80}; this side speaks version {TICKET_VERSION}."
        raise InvalidTicket(msg, version=repr(version)[:80], supported=[TICKET_VERSION])
    if not isinstance(kind, str) or kind not in KEYS:
        msg = f"There is no ticket of kind {kind!r:.80}; known: {', '.join(KEYS)}."
        raise InvalidTicket(msg, kind=repr(kind)[:80], known=list(KEYS))
    known = _COMMON | KEYS[kind]
    unknown = sorted(set(content) - known)
    if unknown:
        msg = f"A ticket has no key {', '.join(unknown)[:200]}; known: {', '.join(sorted(known))}."
        raise InvalidTicket(msg, keys=[key[:80] for key in unknown[:20]], known=sorted(known))
    if content.get("part") is not None:
        msg = "The ticket asks for a part of a result, and this server gives out whole results only."
        raise InvalidTicket(msg, part=repr(content["part"])[:80])
    if not isinstance(content.get(kind), dict):
        msg = f"A ticket of kind {kind} holds the {kind} as an object under the key {kind}."
        raise InvalidTicket(msg)
    _check_catalog(content.get(CATALOG))


def _check_catalog(name: object) -> None:
    if not isinstance(name, str | None) or len(name or "") > MAX_CATALOG_NAME:
        msg = f"The name of a catalog is a text of at most {MAX_CATALOG_NAME} characters."
        raise InvalidTicket(msg)
