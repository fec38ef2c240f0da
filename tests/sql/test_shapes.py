"""Shapes: what is rendered from memory is what would have been rendered anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.plan import And, Comparison, IsIn, IsNull, Not, Or, Plan, bind
from vxdata.sql import shapes
from vxdata.sql.compile import compile_plan
from vxdata.sql.instant import Instant
from vxdata.sql.shapes import render_plan

if TYPE_CHECKING:
    from vxdata.schemas.plan import Predicate

INSTANTS = [
    Instant(7, datetime(2026, 1, 1, tzinfo=UTC), is_current=True),
    Instant(9, datetime(2026, 2, 1, tzinfo=UTC), is_current=True),
    Instant(5, datetime(2025, 2, 1, tzinfo=UTC), is_current=False),
    Instant(4, datetime(2025, 1, 1, tzinfo=UTC), is_current=False),
]

texts = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=12)


def same(plan: Plan, instant: Instant) -> None:
    bound = bind(plan, default_catalog())
    assert render_plan(bound, instant) == compile_plan(bound, instant)


@given(
    value=texts,
    resource_type=st.sampled_from(["volume", "patient", "resource"]),
    field=st.sampled_from(["identifier", "license"]),
    instant=st.sampled_from(INSTANTS),
    limit=st.sampled_from([None, 0, 10]),
)
@example("\x010\x01", "volume", "license", INSTANTS[0], 3)
@example("' OR 1=1 --", "volume", "license", INSTANTS[0], None)
def test_one_text(value: str, resource_type: str, field: str, instant: Instant, limit: int | None) -> None:
    where = Comparison(op="==", field=field, value=value)
    same(Plan(resource_type=resource_type, where=where, limit=limit), instant)


@given(values=st.lists(texts, max_size=25), instant=st.sampled_from(INSTANTS))
def test_several_texts(values: list[str], instant: Instant) -> None:
    same(Plan(resource_type="volume", where=IsIn(field="license", values=tuple(values))), instant)


@pytest.mark.parametrize("instant", INSTANTS)
@pytest.mark.parametrize(
    "where",
    [
        None,
        Comparison(op="!=", field="modality", value="MR"),
        Comparison(op="==", field="b_value", value=1.5),
        Comparison(op="==", field="series_date", value="2024-02-29"),
        IsIn(field="instance_count", values=(1, 2)),
        And(
            op="and",
            terms=(
                Comparison(op="==", field="modality", value="MR"),
                Comparison(op="==", field="license", value="\x010\x01"),
            ),
        ),
    ],
)
def test_other_conditions(where: Predicate | None, instant: Instant) -> None:
    same(Plan(resource_type="volume", where=where), instant)


@pytest.mark.parametrize("key", ["\\x010\\x01", "\\x015\\x01", "plain"])
@pytest.mark.parametrize("instant", INSTANTS)
def test_keys_of_mappings_that_look_like_slots(key: str, instant: Instant) -> None:
    same(
        Plan(
            resource_type="artefact", where=Comparison(op="==", field="parameters", key=key, value="secret")
        ),
        instant,
    )
    values = ("a", "b")
    same(Plan(resource_type="artefact", where=IsIn(field="parameters", key=key, values=values)), instant)


@pytest.mark.parametrize("resource_type", ["commit", "resource"])
@pytest.mark.parametrize("instant", INSTANTS)
def test_relations_of_their_own(resource_type: str, instant: Instant) -> None:
    same(Plan(resource_type=resource_type), instant)


conditions = st.recursive(
    st.one_of(
        st.builds(
            lambda op, value: Comparison(op=op, field="license", value=value),
            st.sampled_from(["==", "!=", "<", ">="]),
            texts,
        ),
        st.builds(lambda value: Comparison(op="<", field="b_value", value=value), st.floats(-1e9, 1e9)),
        st.builds(lambda value: Comparison(op=">", field="instance_count", value=value), st.integers(-9, 9)),
        st.builds(lambda op: IsNull(op=op, field="license"), st.sampled_from(["is_null", "is_not_null"])),
        st.builds(lambda found: IsIn(field="license", values=tuple(found)), st.lists(texts, max_size=4)),
    ),
    lambda inner: st.one_of(
        st.builds(lambda terms: And(op="and", terms=tuple(terms)), st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda terms: Or(op="or", terms=tuple(terms)), st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda term: Not(op="not", term=term), inner),
    ),
    max_leaves=8,
)


@given(
    where=st.none() | conditions,
    instant=st.sampled_from(INSTANTS),
    limit=st.none() | st.integers(0, 10**9),
    offset=st.integers(0, 10**9),
)
@example(where=None, instant=INSTANTS[0], limit=0, offset=0)
def test_any_condition_and_page(
    where: Predicate | None, instant: Instant, limit: int | None, offset: int
) -> None:
    same(Plan(resource_type="volume", where=where, limit=limit, offset=offset), instant)


def test_long_statements_are_not_remembered() -> None:
    shapes._template.cache_clear()
    where = Comparison(op="==", field="parameters", key="x" * shapes.MOST_BYTES, value="y")
    for _ in range(2):
        same(Plan(resource_type="artefact", where=where), INSTANTS[0])
    assert shapes._template.cache_info()[1:] == (2, shapes.MOST_BYTES, 0)


def test_a_relation_of_other_columns_is_another_shape() -> None:
    whole = default_catalog()
    patient = whole.relation("patient")
    cut = replace(
        whole, relations=whole.relations | {"patient": replace(patient, columns=patient.columns[:5])}
    )
    plan = Plan(resource_type="patient", limit=200)
    for known in (whole, cut, whole):
        bound = bind(plan, known)
        assert render_plan(bound, INSTANTS[0]) == compile_plan(bound, INSTANTS[0])


def test_pages_and_values_are_of_one_shape() -> None:
    shapes._template.cache_clear()
    for number in range(1, 10):
        terms = (
            Comparison(op=">", field="b_value", value=number * 1.5),
            Not(op="not", term=Comparison(op="==", field="license", value=f"licence {number}")),
        )
        where = And(op="and", terms=terms)
        same(Plan(resource_type="volume", where=where, limit=number, offset=number), INSTANTS[0])
    assert shapes._template.cache_info().misses == 1


def test_a_shape_is_rendered_once() -> None:
    shapes._template.cache_clear()
    for number in range(10):
        where = Comparison(op="==", field="identifier", value=f"volume/v{number}")
        for instant in INSTANTS[:2]:
            same(Plan(resource_type="volume", where=where), instant)
    assert shapes._template.cache_info().misses == 1
