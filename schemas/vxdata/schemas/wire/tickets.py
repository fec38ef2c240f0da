"""Tickets: what a client hands in to read a stream.

A ticket is JSON in an envelope: the version of the envelope, the kind of what is in it, and that itself.
So other kinds can follow, and each is refused by name where it is not known. Tickets that are nothing but a
plan, as earlier clients send them, are still read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from vxdata.schemas.errors import InvalidTicket
from vxdata.schemas.plan.codec import MAX_PLAN_BYTES, decode_parsed, encode, parse

if TYPE_CHECKING:
    from vxdata.schemas.plan.nodes import Plan

TICKET_VERSION: Final = 1
"""Version of the envelope; a server refuses every other one."""

PLAN: Final = "plan"
"""Kind of a ticket that holds a plan, and the key that it stands under."""

KINDS: Final = (PLAN,)
"""The kinds that are known."""

ENVELOPE_BYTES: Final = 256
"""Room for the envelope around the largest plan."""

_KEYS: Final = frozenset({"version", "kind", PLAN, "part"})


@dataclass(frozen=True)
class Ticket:
    """A plan to run.

    Args:
        plan: The plan.
    """

    plan: Plan


def encode_ticket(ticket: Ticket) -> bytes:
    """Write a ticket as canonical JSON.

    Args:
        ticket: The ticket.

    Returns:
        UTF-8 bytes, equal for equal tickets.

    Raises:
        InvalidPlan: The plan is too large, or nested too deeply.

    Example:
        >>> from vxdata.schemas.plan import Plan
        >>> encode_ticket(Ticket(Plan(relation="volume")))
        b'{"kind":"plan","plan":{"relation":"volume","version":2},"version":1}'
    """
    return b'{"kind":"%b","plan":%b,"version":%d}' % (PLAN.encode(), encode(ticket.plan), TICKET_VERSION)


def decode_ticket(data: bytes) -> Ticket:
    """Read a ticket.

    Args:
        data: What `encode_ticket` wrote, or a bare plan.

    Returns:
        The ticket; its plan is well formed but not yet bound.

    Raises:
        InvalidTicket: The bytes are no JSON object, or an envelope of another version, kind or form.
        InvalidPlan: The plan is malformed.

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
    return Ticket(decode_parsed(content[PLAN]))


def _check_envelope(content: dict[str, Any]) -> None:
    version, kind = content.get("version"), content["kind"]
    if version != TICKET_VERSION or isinstance(version, bool):
        msg = f"The ticket has version {version!r:.80}; this side speaks version {TICKET_VERSION}."
        raise InvalidTicket(msg, version=repr(version)[:80], supported=[TICKET_VERSION])
    if kind not in KINDS:
        msg = f"There is no ticket of kind {kind!r:.80}; known: {', '.join(KINDS)}."
        raise InvalidTicket(msg, kind=repr(kind)[:80], known=list(KINDS))
    unknown = sorted(set(content) - _KEYS)
    if unknown:
        msg = f"A ticket has no key {', '.join(unknown)[:200]}; known: {', '.join(sorted(_KEYS))}."
        raise InvalidTicket(msg, keys=[key[:80] for key in unknown[:20]], known=sorted(_KEYS))
    if content.get("part") is not None:
        msg = "The ticket asks for a part of a result, and this server gives out whole results only."
        raise InvalidTicket(msg, part=repr(content["part"])[:80])
    if not isinstance(content.get(PLAN), dict):
        msg = "A ticket of kind plan holds the plan as an object under the key plan."
        raise InvalidTicket(msg)
