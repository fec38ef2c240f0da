"""Point lookups: which plans are, and that their statements are what would have been rendered for each."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vxdata.schemas.binding import bind
from vxdata.schemas.binding.bound_predicates import BoundAnd, BoundComparison, Operand
from vxdata.schemas.binding.values import Literal
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.plan import And, Comparison, IsIn, Plan, decode, encode
from vxdata.sql import commit_clock as clock
from vxdata.sql.dialect.postgres import text_array
from vxdata.sql.names import render, text
from vxdata.sql.query import lookups, template
from vxdata.sql.query.compile import compile_plan
from vxdata.sql.query.prepared import Method, PreparedPlan, prepare
from vxdata.sql.query.template import NO_INSTANT as PRESENT
from vxdata.sql.query.template import statement_of

if TYPE_CHECKING:
    from vxdata.schemas.binding import BoundPlan
    from vxdata.schemas.plan import Predicate

ONE = Comparison(op="==", field="identifier", value="volume/a")
TWO = IsIn(field="identifier", values=("volume/a", "volume/b"))

texts = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=12)


def found(where: Predicate | None, resource_type: str = "volume", **more: Any) -> PreparedPlan | None:
    """What a plan becomes that comes as the bytes of a ticket."""
    plan = decode(encode(Plan(relation=resource_type, where=where, **more)))
    return prepare(bind(plan, default_catalog()))


@given(
    names=st.lists(texts, min_size=2, max_size=20, unique=True),
    resource_type=st.sampled_from(["volume", "patient", "resource"]),
    select=st.sampled_from([None, ("identifier",), ("version", "license")]),
)
@example(["$1", "a"], "volume", None)
@example(["' OR 1=1 --", "\\'"], "volume", None)
def test_several_identifiers(names: list[str], resource_type: str, select: tuple[str, ...] | None) -> None:
    read = found(IsIn(field="identifier", values=tuple(names)), resource_type, select=select)
    assert read is not None
    one = bind(Plan(relation=resource_type, where=ONE, select=select), default_catalog())
    single = clock.with_clock(compile_plan(one, PRESENT))
    assert read.statement.template.text == single.replace("= 'volume/a'", "= ANY($1)")
    assert read.statement.literals == (render(text_array(map(Literal, sorted(names)))),)


@given(name=texts)
@example("$1")
@example("' OR 1=1 --")
def test_one_identifier(name: str) -> None:
    bound = bind(Plan(relation="volume", where=ONE), default_catalog())
    for where in (
        Comparison(op="==", field="identifier", value=name),
        IsIn(field="identifier", values=(name,)),
    ):
        read = found(where)
        assert read is not None
        assert read.statement.template.text == clock.with_clock(compile_plan(bound, PRESENT)).replace(
            "'volume/a'", "$1"
        )
        assert read.statement.literals == (text(name),)


@pytest.mark.parametrize(
    "where",
    [
        None,
        Comparison(op="!=", field="identifier", value="volume/a"),
        Comparison(op="==", field="parent_identifier", value="imagingstudy/a"),
        IsIn(field="identifier", values=tuple(f"volume/{number}" for number in range(21))),
        IsIn(field="identifier", values=()),
        And(op="and", terms=(ONE, Comparison(op="==", field="modality", value="MR"))),
    ],
)
def test_other_conditions_are_none(where: Predicate | None) -> None:
    assert found(where) is None


@pytest.mark.parametrize(
    "more",
    [
        {"limit": 1},
        {"offset": 1},
        {"distinct": True, "select": ("modality",)},
        {"group_by": ("modality",), "aggregates": ({"function": "count", "name": "n"},)},
        {"history": True},
        {"as_of": datetime(2026, 1, 1, tzinfo=UTC)},
        {"order_by": ({"field": "identifier"},)},
    ],
)
def test_what_asks_for_more_is_none(more: dict[str, Any]) -> None:
    assert found(TWO, **more) is None


@pytest.mark.parametrize("resource_type", ["volume", "resource"])
@pytest.mark.parametrize("select", [None, ("version", "identifier")])
@pytest.mark.parametrize(
    ("limit", "rows"), [(0, 1), (1, 1), (2, 10), (10, 10), (11, 30), (31, 100), (100, 100)]
)
def test_the_first_rows(resource_type: str, select: tuple[str, ...] | None, limit: int, rows: int) -> None:
    bound = bind(Plan(relation=resource_type, select=select, limit=limit), default_catalog())
    statement = clock.with_clock(compile_plan(replace(bound, limit=rows), PRESENT), order="identifier")
    read = found(None, resource_type, select=select, limit=limit)
    assert read is not None
    assert (read.method, read.max_rows) == (Method.POINT_LOOKUP, limit)
    assert (read.statement.template.text, read.statement.literals) == (statement, ())


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"limit": 101},
        {"limit": 1, "offset": 1},
        {"limit": 1, "select": ("version",)},
        {"limit": 1, "distinct": True, "select": ("identifier",)},
        {"limit": 1, "history": True},
        {"limit": 1, "as_of": datetime(2026, 1, 1, tzinfo=UTC)},
        {"limit": 1, "order_by": ({"field": "version"},)},
        {"limit": 1, "where": Comparison(op="==", field="modality", value="MR")},
    ],
)
def test_more_than_the_first_rows_is_none(more: dict[str, Any]) -> None:
    assert found(**{"where": None} | more) is None


def test_other_relations_are_none() -> None:
    assert found(Comparison(op="==", field="version", value=1), "commit") is None
    assert found(None, "commit", limit=1) is None


def test_what_is_remembered_names_nobody() -> None:
    lookups._named_rows.cache_clear()
    lookups._first_rows.cache_clear()
    plan = Plan(relation="volume", where=IsIn(field="identifier", values=("volume/a", "volume/b")))
    bound = bind(plan, default_catalog())
    assert prepare(bound) is not None
    asked = weakref.ref(bound.where)
    del bound
    gc.collect()
    assert asked() is None


def test_a_shape_is_rendered_once() -> None:
    lookups._named_rows.cache_clear()
    lookups._first_rows.cache_clear()
    for number in range(10):
        assert found(Comparison(op="==", field="identifier", value=f"volume/v{number}")) is not None
        assert found(Comparison(op="==", field="identifier", value=f"volume/v{number}"), select=("version",))
        assert found(None, limit=number) is not None
    assert lookups._named_rows.cache_info().misses == 2
    assert lookups._first_rows.cache_info().misses == 2


def narrowed(bound: BoundPlan) -> BoundPlan:
    """The plan as binding may leave it that lets its caller see one licence alone."""
    allowed = BoundComparison("==", Operand(bound.relation.column_by_name["license"]), Literal("CC0"))
    return replace(bound, where=allowed if bound.where is None else BoundAnd((bound.where, allowed)))


@pytest.mark.parametrize("is_narrow_first", [True, False])
@pytest.mark.parametrize(
    "asked", [{"limit": 10}, {"where": ONE}, {"where": TWO}, {"limit": 10, "offset": 1}, {}], ids="-".join
)
def test_a_condition_that_binding_adds_is_never_left_out(
    asked: dict[str, Any], *, is_narrow_first: bool
) -> None:
    template._template.cache_clear()
    whole = bind(Plan(relation="volume", **asked), default_catalog())
    for bound in [narrowed(whole), whole] if is_narrow_first else [whole, narrowed(whole)]:
        read = prepare(bound)
        rendered = statement_of(bound, PRESENT).sql
        assert ("'CC0'" in rendered) == (bound is not whole)
        if bound is not whole:
            assert read is None
        elif read is not None:
            assert "license" not in read.statement.sql.partition("WHERE")[2]
