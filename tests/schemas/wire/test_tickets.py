"""Tickets: an envelope around what is to be read; what is not known is refused by name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vxdata.schemas.cohorts import CohortCondition, CohortPlan, Match, SetOperation
from vxdata.schemas.cohorts.codec import encode_cohort
from vxdata.schemas.errors import InvalidPlan, InvalidTicket
from vxdata.schemas.plan import MAX_PLAN_BYTES, Comparison, Plan, encode
from vxdata.schemas.wire.tickets import ENVELOPE_BYTES, CohortTicket, Ticket, decode_ticket, encode_ticket

PLAN = Plan(relation="volume", where=Comparison(op="==", field="modality", value="MR é €"), limit=3)
COHORT = CohortPlan(
    catalog="cda",
    endpoint="subject",
    entities=Match(match_all=(CohortCondition(column="species", op="in", value=("human", "é", None)),)),
    add=("sex",),
    nest=("observation",),
)


def envelope(**changes: Any) -> bytes:
    content = {"version": 1, "kind": "plan", "plan": json.loads(encode(PLAN))} | changes
    return json.dumps({key: value for key, value in content.items() if value != "absent"}).encode()


def test_they_come_back() -> None:
    assert decode_ticket(encode_ticket(Ticket(PLAN))) == Ticket(PLAN)
    assert json.loads(encode_ticket(Ticket(PLAN))) == json.loads(envelope())


def test_no_ticket_names_a_catalog_that_there_cannot_be() -> None:
    with pytest.raises(InvalidTicket, match="at most 63 characters"):
        encode_ticket(Ticket(Plan(relation="subject"), "a" * 64))


def test_a_plan_of_a_catalog_names_it() -> None:
    ticket = Ticket(PLAN, "cda")
    assert decode_ticket(encode_ticket(ticket)) == ticket
    assert json.loads(encode_ticket(ticket))["catalog"] == "cda"


@pytest.mark.parametrize(
    "cohort",
    [
        COHORT,
        COHORT.model_copy(update={"entities": Match()}),
        COHORT.model_copy(
            update={
                "entities": SetOperation(
                    op="union", of=(Match(), SetOperation(op="difference", of=(Match(),)))
                ),
                "limit": 7,
            }
        ),
    ],
)
def test_cohorts_come_back(cohort: CohortPlan) -> None:
    assert decode_ticket(encode_ticket(CohortTicket(cohort))) == CohortTicket(cohort)


def nested(depth: int) -> dict[str, Any]:
    entities: dict[str, Any] = {"kind": "match"}
    for _ in range(depth):
        entities = {"kind": "set", "op": "union", "of": [entities]}
    return entities


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 2}, "this side speaks version 1"),
        ({"endpont": "file"}, "endpont: Extra inputs"),
        ({"endpoint": 1}, "endpoint: Input should be a valid string"),
        ({"limit": -1}, "limit"),
        ({"entities": nested(40)}, "operations on sets within each other"),
        ({"entities": {"kind": "match", "match_all": [{}] * 200_000}}, "conditions and other parts"),
    ],
)
def test_a_malformed_cohort_is_refused(changes: dict[str, Any], message: str) -> None:
    content = json.loads(encode_ticket(CohortTicket(COHORT)))["cohort"] | changes
    data = json.dumps({"kind": "cohort", "version": 1, "cohort": content}).encode()
    with pytest.raises(InvalidPlan, match=message):
        decode_ticket(data)


def test_texts_that_cannot_be_written_are_refused() -> None:
    with pytest.raises(InvalidPlan, match="no Unicode"):
        encode_cohort(COHORT.model_copy(update={"catalog": "\ud800"}))


@pytest.mark.parametrize("data", [encode(PLAN), envelope(), envelope(part=None)])
def test_bare_plans_and_any_order_of_keys_are_read(data: bytes) -> None:
    assert decode_ticket(data) == Ticket(PLAN)


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
        (envelope(shard=1), "A ticket has no key shard; known: catalog, kind, part, plan, version"),
        (envelope(part={"index": 0, "of": 2}), "a part of a result"),
        (envelope(plan="absent"), "holds the plan as an object"),
        (envelope(plan=[1]), "holds the plan as an object"),
        (envelope(catalog=1), "name of a catalog is a text"),
        (envelope(catalog="a" * 64), "a text of at most 63 characters"),
        (envelope(kind="cohort"), "A ticket has no key plan; known: cohort, kind, part, version"),
        (b'{"kind":"cohort","version":1}', "holds the cohort as an object"),
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
