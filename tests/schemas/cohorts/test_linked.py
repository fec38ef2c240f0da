"""Entities that others are linked to: how they are bound, and how they travel."""

from __future__ import annotations

import json

import pytest

from tests.cohorts.example import EXAMPLE
from vxdata.schemas.cohorts import (
    CohortCondition,
    CohortModel,
    CohortPlan,
    Linked,
    Match,
    SetOperation,
    bind_cohort,
    bind_summary,
)
from vxdata.schemas.cohorts.bound import BoundLinked, BoundMatch
from vxdata.schemas.cohorts.codec import decode_cohort, encode_cohort
from vxdata.schemas.cohorts.paths import Link
from vxdata.schemas.errors import InvalidPlan, RelationshipNotFound

MODEL = CohortModel.of(EXAMPLE.schema, EXAMPLE.rows("column_metadata"))
MALES = Match(match_all=(CohortCondition(column="sex", op="=", value="male"),))
FILES = CohortPlan(catalog="cda", endpoint="file", entities=Linked(of=MALES))


def test_the_others_are_bound_as_entities_of_the_other_endpoint() -> None:
    found = bind_cohort(FILES, MODEL).entities
    assert isinstance(found, BoundLinked)
    assert found.endpoint.table == "subject"
    assert found.path.link == Link("file_describes_subject", "file_alias", "subject_alias")
    assert isinstance(found.of, BoundMatch)
    assert found.of.match_all[0].path.entity == "subject"
    assert bind_summary(FILES, MODEL).entities == found


def test_what_is_asked_of_the_others_is_not_shown() -> None:
    outputs = [output.name for output in bind_cohort(FILES, MODEL).outputs]
    own = bind_cohort(CohortPlan(catalog="cda", endpoint="file"), MODEL).outputs
    assert outputs == [output.name for output in own]


def test_conditions_that_the_others_cannot_meet_are_refused() -> None:
    references = CohortPlan(catalog="cda", endpoint="subject", entities=Linked(of=Match()))
    wrong = references.model_copy(update={"endpoint": "file", "external_reference": True})
    with pytest.raises(RelationshipNotFound):
        bind_cohort(wrong, MODEL)


def test_they_travel() -> None:
    nested = SetOperation(op="difference", of=(Match(), Linked(of=Linked(of=Match()))))
    for entities in (FILES.entities, nested):
        plan = FILES.model_copy(update={"entities": entities})
        assert decode_cohort(encode_cohort(plan)) == plan


def test_they_are_nested_to_a_limit() -> None:
    entities: dict[str, object] = {"kind": "match"}
    for _ in range(40):
        entities = {"kind": "linked", "of": entities}
    content = json.dumps({"version": 1, "catalog": "cda", "endpoint": "file", "entities": entities})
    with pytest.raises(InvalidPlan, match="within each other"):
        decode_cohort(content.encode())
