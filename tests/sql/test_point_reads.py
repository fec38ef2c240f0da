"""Point reads: which plans are, and that their statements are what would have been rendered for each."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vxdata.schemas.catalog import catalog
from vxdata.schemas.plan import And, Comparison, IsIn, Plan, bind, decode, encode
from vxdata.sql import clock, point_reads
from vxdata.sql.compile import compile_plan
from vxdata.sql.point_reads import PRESENT, PointRead, point_read

if TYPE_CHECKING:
    from vxdata.schemas.plan import Predicate

ONE = Comparison(op="==", field="identifier", value="volume/a")
TWO = IsIn(field="identifier", values=("volume/a", "volume/b"))

texts = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=12)


def found(where: Predicate | None, resource_type: str = "volume", **more: Any) -> PointRead | None:
    """What a plan becomes that comes as the bytes of a ticket."""
    plan = decode(encode(Plan(resource_type=resource_type, where=where, **more)))
    return point_read(plan, bind(plan, catalog()))


def filled_in(read: PointRead) -> str:
    """The statement with its arguments in place."""
    return re.sub(r"\$([0-9]+)", lambda slot: read.arguments[int(slot[1]) - 1], read.statement)


@given(
    names=st.lists(texts, min_size=1, max_size=20, unique=True),
    resource_type=st.sampled_from(["volume", "patient", "resource"]),
    select=st.sampled_from([None, ("identifier",), ("version", "license")]),
)
@example(["\x010\x01"], "volume", None)
@example(["' OR 1=1 --", "\\'"], "volume", None)
def test_any_identifiers(names: list[str], resource_type: str, select: tuple[str, ...] | None) -> None:
    where = IsIn(field="identifier", values=tuple(names))
    plan = decode(encode(Plan(resource_type=resource_type, where=where, select=select)))
    bound = bind(plan, catalog())
    read = point_read(plan, bound)
    assert read is not None
    assert filled_in(read) == clock.beside(compile_plan(bound, PRESENT))


def test_one_identifier() -> None:
    read = found(ONE)
    assert read is not None
    assert read.arguments == ("'volume/a'",)
    assert "= $1" in read.statement


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


def test_other_relations_are_none() -> None:
    assert found(Comparison(op="==", field="version", value=1), "commit") is None


def test_a_shape_is_rendered_once() -> None:
    point_reads._statement.cache_clear()
    for number in range(10):
        assert found(Comparison(op="==", field="identifier", value=f"volume/v{number}")) is not None
        assert found(Comparison(op="==", field="identifier", value=f"volume/v{number}"), select=("version",))
    assert point_reads._statement.cache_info().misses == 2
