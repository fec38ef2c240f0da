"""Tickets: an envelope around what is to be read; what is not known is refused by name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vxdata.schemas.errors import InvalidPlan, InvalidTicket
from vxdata.schemas.plan import MAX_PLAN_BYTES, Comparison, Plan, encode
from vxdata.schemas.wire.tickets import ENVELOPE_BYTES, Ticket, decode_ticket, encode_ticket

PLAN = Plan(relation="volume", where=Comparison(op="==", field="modality", value="MR é €"), limit=3)


def envelope(**changes: Any) -> bytes:
    content = {"version": 1, "kind": "plan", "plan": json.loads(encode(PLAN))} | changes
    return json.dumps({key: value for key, value in content.items() if value != "absent"}).encode()


def test_they_come_back() -> None:
    assert decode_ticket(encode_ticket(Ticket(PLAN))) == Ticket(PLAN)
    assert json.loads(encode_ticket(Ticket(PLAN))) == json.loads(envelope())


@pytest.mark.parametrize("data", [encode(PLAN), envelope(), envelope(part=None)])
def test_bare_plans_and_any_order_of_keys_are_read(data: bytes) -> None:
    assert decode_ticket(data).plan == PLAN


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a query plan"),
        (b"\xff", "not a query plan"),
        (b"[]", "not an object"),
        (b'"plan"', "not an object"),
        (envelope(version=2), "The ticket has version 2; this side speaks version 1"),
        (envelope(version=True), "The ticket has version True"),
        (envelope(version="absent"), "The ticket has version None"),
        (envelope(kind="manifest"), "no ticket of kind 'manifest'; known: plan"),
        (envelope(kind=None), "no ticket of kind None"),
        (envelope(kind={"a": 1}), "no ticket of kind"),
        (envelope(shard=1), "A ticket has no key shard; known: kind, part, plan, version"),
        (envelope(part={"index": 0, "of": 2}), "a part of a result"),
        (envelope(plan="absent"), "holds the plan as an object"),
        (envelope(plan=[1]), "holds the plan as an object"),
        (b" " * (MAX_PLAN_BYTES + ENVELOPE_BYTES + 1), "bytes; at most"),
    ],
)
def test_what_is_not_known_is_refused_by_name(data: bytes, message: str) -> None:
    with pytest.raises(InvalidTicket, match=message):
        decode_ticket(data)


@pytest.mark.parametrize("plan", [{}, {"version": 99, "relation": "volume"}, {"version": 2, "limit": -1}])
def test_a_plan_is_checked_as_without_the_envelope(plan: dict[str, object]) -> None:
    with pytest.raises(InvalidPlan):
        decode_ticket(envelope(plan=plan))
