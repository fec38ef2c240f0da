"""Statement templates: what is filled in from memory is what would have been rendered anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlglot import exp

from vxdata.schemas.binding import bind
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.plan import (
    And,
    Comparison,
    HasAncestor,
    HasDescendant,
    IsIn,
    IsInQuery,
    IsNull,
    ItemsTest,
    Not,
    Or,
    Plan,
    Quantified,
    Subquery,
    TextTest,
)
from vxdata.sql.instant import Instant
from vxdata.sql.names import render, text
from vxdata.sql.query import template
from vxdata.sql.query.compile import compile_plan
from vxdata.sql.query.template import MAX_BYTES, Template, statement_of

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
    assert statement_of(bound, instant).sql == compile_plan(bound, instant)


@given(
    value=texts,
    resource_type=st.sampled_from(["volume", "patient", "resource"]),
    field=st.sampled_from(["identifier", "license"]),
    instant=st.sampled_from(INSTANTS),
    limit=st.sampled_from([None, 0, 10]),
)
@example("$1", "volume", "license", INSTANTS[0], 3)
@example("' OR 1=1 --", "volume", "license", INSTANTS[0], None)
def test_one_text(value: str, resource_type: str, field: str, instant: Instant, limit: int | None) -> None:
    where = Comparison(op="==", field=field, value=value)
    same(Plan(relation=resource_type, where=where, limit=limit), instant)


@given(values=st.lists(texts, max_size=25), instant=st.sampled_from(INSTANTS))
def test_several_texts(values: list[str], instant: Instant) -> None:
    same(Plan(relation="volume", where=IsIn(field="license", values=tuple(values))), instant)


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
                Comparison(op="==", field="license", value="$1"),
            ),
        ),
    ],
)
def test_other_conditions(where: Predicate | None, instant: Instant) -> None:
    same(Plan(relation="volume", where=where), instant)


@pytest.mark.parametrize("key", ["$1", "'$1", "$5", "plain", "$$ $1 $$"])
@pytest.mark.parametrize("instant", INSTANTS)
def test_keys_of_mappings_that_look_like_parameters(key: str, instant: Instant) -> None:
    same(
        Plan(relation="artefact", where=Comparison(op="==", field="parameters", key=key, value="secret")),
        instant,
    )
    values = ("a", "b")
    same(Plan(relation="artefact", where=IsIn(field="parameters", key=key, values=values)), instant)


@pytest.mark.parametrize("resource_type", ["commit", "resource"])
@pytest.mark.parametrize("instant", INSTANTS)
def test_relations_of_their_own(resource_type: str, instant: Instant) -> None:
    same(Plan(relation=resource_type), instant)


def in_study(text: str, limit: int | None, select: str) -> Subquery:
    where = Or(
        op="or",
        terms=(
            Comparison(op="==", field="license", value=text),
            ItemsTest(op="contains_any", field="modalities", values=(text, "$1")),
        ),
    )
    return Subquery(relation="imagingstudy", select=select, where=where, limit=limit)


def in_volume(text: str) -> Subquery:
    where = TextTest(op="contains", field="license", text=text)
    return Subquery(relation="volume", select="b_value", where=where)


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
        st.builds(
            lambda op, text, ignore: TextTest(op=op, field="license", text=text, ignore_case=ignore),
            st.sampled_from(["equals", "contains", "startswith", "endswith", "matches"]),
            texts,
            st.booleans(),
        ),
        st.builds(
            lambda kind, prefix, rest: kind(identifier=f"{prefix}/{rest}"),
            st.sampled_from([HasAncestor, HasDescendant]),
            st.sampled_from(["patient", "datasource", "artefact"]),
            st.integers(0, 9),
        ),
        st.builds(
            lambda text, limit: IsInQuery(
                field="parent_identifier", query=in_study(text, limit, "identifier")
            ),
            texts,
            st.none() | st.integers(0, 9),
        ),
        st.builds(
            lambda text, quantifier, op: Quantified(
                field="b_value", op=quantifier, comparison=op, query=in_volume(text)
            ),
            texts,
            st.sampled_from(["any", "all"]),
            st.sampled_from(["<", ">="]),
        ),
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
    same(Plan(relation="volume", where=where, limit=limit, offset=offset), instant)


def test_long_statements_are_not_remembered() -> None:
    template._template.cache_clear()
    where = Comparison(op="==", field="parameters", key="x" * MAX_BYTES, value="y")
    for _ in range(2):
        same(Plan(relation="artefact", where=where), INSTANTS[0])
    assert template._template.cache_info()[1:] == (2, MAX_BYTES, 0)


def test_a_relation_of_other_columns_is_another_shape() -> None:
    whole = default_catalog()
    patient = whole.relation("patient")
    cut = replace(
        whole, relations=whole.relations | {"patient": replace(patient, columns=patient.columns[:5])}
    )
    plan = Plan(relation="patient", limit=200)
    for known in (whole, cut, whole):
        bound = bind(plan, known)
        assert statement_of(bound, INSTANTS[0]).sql == compile_plan(bound, INSTANTS[0])


def test_pages_and_values_are_of_one_shape() -> None:
    template._template.cache_clear()
    for number in range(1, 10):
        terms = (
            Comparison(op=">", field="b_value", value=number * 1.5),
            Not(op="not", term=Comparison(op="==", field="license", value=f"licence {number}")),
        )
        where = And(op="and", terms=terms)
        same(Plan(relation="volume", where=where, limit=number, offset=number), INSTANTS[0])
    assert template._template.cache_info().misses == 1


def test_a_shape_is_rendered_once() -> None:
    template._template.cache_clear()
    for number in range(10):
        where = Comparison(op="==", field="identifier", value=f"volume/v{number}")
        for instant in INSTANTS[:2]:
            same(Plan(relation="volume", where=where), instant)
    assert template._template.cache_info().misses == 1


@given(value=texts, name=texts.filter(bool))
@example(value="$1", name="$1")
@example(value="$$ $1 $$", name='a"$1')
@example(value="ä 🩻 \\' $2", name="E'$1")
def test_what_looks_like_a_parameter_is_none(value: str, name: str) -> None:
    where = exp.EQ(this=exp.column(name, quoted=True), expression=exp.Literal.string(value))
    query = exp.select(exp.Parameter(this=exp.Literal.number(2))).where(where)
    query = query.where(exp.EQ(this=exp.Parameter(this=exp.Literal.number(1)), expression=exp.Null()))
    found = Template.of(render(query))
    assert found.numbers == (2, 1)
    column, literal = render(exp.column(name, quoted=True)), text(value)
    assert found.fill(["<1>", "<2>"]) == f"SELECT <2> WHERE {column} = {literal} AND <1> = NULL"
    assert found.fill(["$1", "$2"]) == found.text


def test_text_tests_and_subqueries_are_of_one_shape() -> None:
    template._template.cache_clear()
    for number in range(1, 10):
        terms = (
            TextTest(op="contains", field="license", text=f"{number}"),
            HasAncestor(identifier=f"patient/{number}"),
            Quantified(field="b_value", op="all", comparison="<", query=in_volume(f"{number}")),
        )
        same(Plan(relation="volume", where=And(op="and", terms=terms)), INSTANTS[0])
    assert template._template.cache_info().misses == 1


@pytest.mark.parametrize("number", [20, 21])
def test_statements_of_many_values_are_not_remembered(number: int) -> None:
    template._template.cache_clear()
    values = tuple(f"{value}" for value in range(number))
    for _ in range(2):
        same(Plan(relation="volume", where=IsIn(field="license", values=values)), INSTANTS[0])
    assert template._template.cache_info().misses == (1 if number <= template.MAX_VALUES else 0)
