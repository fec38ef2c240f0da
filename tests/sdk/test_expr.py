"""Field references and predicates: Python's operators as notation, and what they refuse."""

from __future__ import annotations

import math
import pickle
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import IntEnum, StrEnum
from fractions import Fraction
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vxdata.schemas.errors import FieldTypeMismatch, InvalidPlan
from vxdata.schemas.plan import And, Comparison, IsIn, IsNull, Or, Plan, decode, encode
from vxdata.schemas.value_types import NaiveTimestampWarning
from vxdata.sdk import F, FieldRef, Predicate
from vxdata.sdk._expr import MOST_NESTED, SHOWN_VALUES, fields_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy


class Contrast(StrEnum):
    T2 = "T2"


class Score(IntEnum):
    HIGH = 5


FLOATS = st.floats(allow_nan=False, allow_infinity=False)
LITERALS = st.booleans() | st.integers() | FLOATS | st.text()
NAMES = st.sampled_from(["b_value", "volume_type", "type", "not a name", "class"])


def leaves() -> SearchStrategy[Predicate]:
    operators = st.sampled_from(["__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"])
    compared = st.builds(lambda name, op, value: getattr(F[name], op)(value), NAMES, operators, LITERALS)
    listed = st.builds(
        lambda name, some: F[name].is_in(some), NAMES, st.lists(LITERALS, max_size=SHOWN_VALUES)
    )
    null = st.builds(
        lambda name, yes: F[name].is_null() if yes else F[name].is_not_null(), NAMES, st.booleans()
    )
    return compared | listed | null


def predicates() -> SearchStrategy[Predicate]:
    return st.recursive(
        leaves(), lambda inner: st.builds(and_, inner, inner) | st.builds(or_, inner, inner), max_leaves=12
    )


class TestComparisons:
    @pytest.mark.parametrize(
        ("predicate", "op"),
        [
            (F.b_value == 1, "=="),
            (F.b_value != 1, "!="),
            (F.b_value < 1, "<"),
            (F.b_value <= 1, "<="),
            (F.b_value > 1, ">"),
            (F.b_value >= 1, ">="),
        ],
    )
    def test_every_operator_makes_its_node(self, predicate: Predicate, op: Any) -> None:
        assert predicate.node == Comparison(op=op, field="b_value", value=1)

    def test_a_literal_on_the_left_turns_the_operator_round(self) -> None:
        assert (1 < F.b_value).node == Comparison(op=">", field="b_value", value=1)  # noqa: SIM300 - the subject
        turned: Any = "T2" == F.volume_type  # noqa: SIM300 - the subject
        assert turned.node == (F.volume_type == "T2").node

    def test_none_asks_for_null(self) -> None:
        assert (F.b_value == None).node == IsNull(op="is_null", field="b_value")  # noqa: E711 - the subject
        assert (F.b_value != None).node == IsNull(op="is_not_null", field="b_value")  # noqa: E711 - the subject
        assert (F.b_value == None).node == F.b_value.is_null().node  # noqa: E711 - the subject
        assert (F.b_value != None).node == F.b_value.is_not_null().node  # noqa: E711 - the subject

    @pytest.mark.parametrize("compare", [lambda field: field < None, lambda field: field >= None])
    def test_none_has_no_order(self, compare: Callable[[FieldRef], Predicate]) -> None:
        with pytest.raises(
            FieldTypeMismatch, match=r"F\.b_value cannot be compared with None of type NoneType"
        ):
            compare(F.b_value)

    def test_names_that_are_no_attributes_are_indexed(self) -> None:
        assert (F["b_value"] > 1).node == (F.b_value > 1).node

    def test_a_private_name_is_no_field(self) -> None:
        with pytest.raises(AttributeError, match="_private"):
            _ = F._private


class TestValues:
    @given(LITERALS)
    def test_plain_values_stay_as_they_are(self, value: float | str) -> None:
        node = (F.x == value).node
        assert isinstance(node, Comparison)
        assert type(node.value) is type(value)
        assert node.value == value

    def test_members_of_enumerations_are_plain_values(self) -> None:
        for given_, plain in ((Contrast.T2, "T2"), (Score.HIGH, 5)):
            node = (F.x == given_).node
            assert isinstance(node, Comparison)
            assert type(node.value) is type(plain)
            assert node.value == plain

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
    def test_what_is_not_finite_is_refused(self, value: float) -> None:
        with pytest.raises(FieldTypeMismatch, match="finite numbers only") as caught:
            _ = F.b_value > value
        assert caught.value.details["field"] == "b_value"
        with pytest.raises(FieldTypeMismatch, match="finite"):
            F.b_value.is_in([1.0, value])

    @pytest.mark.parametrize(
        "value",
        [Decimal(1), Fraction(1, 2), b"T2", [1], {"a": 1}, timedelta(1), object(), F.b_value, pl.col("x")],
    )
    def test_what_no_field_holds_is_refused(self, value: Any) -> None:
        with pytest.raises(FieldTypeMismatch, match=r"F\.x cannot be compared with") as caught:
            _ = F.x == value
        assert caught.value.details == {"field": "x", "value_type": type(value).__name__}
        assert isinstance(caught.value, TypeError)

    def test_an_aware_instant_is_brought_to_utc(self) -> None:
        noon = datetime(2025, 1, 31, 12, tzinfo=timezone(timedelta(hours=1)))
        node = (F.acquisition_datetime > noon).node
        assert node == Comparison(
            op=">", field="acquisition_datetime", value="2025-01-31T11:00:00.000000+00:00"
        )

    def test_a_naive_instant_warns_once_and_is_utc(self) -> None:
        with pytest.warns(NaiveTimestampWarning, match="has no time zone and is taken as UTC") as caught:
            naive = F.acquisition_datetime > datetime(2025, 1, 31, 12)  # noqa: DTZ001 - the subject
        assert len(caught) == 1
        assert caught[0].filename == __file__
        assert naive.node == (F.acquisition_datetime > datetime(2025, 1, 31, 12, tzinfo=UTC)).node

    def test_the_warning_of_a_list_names_the_line_of_the_user(self) -> None:
        with pytest.warns(NaiveTimestampWarning) as caught:
            F.acquisition_datetime.is_in([datetime(2025, 1, 31)])  # noqa: DTZ001 - the subject
        assert [found.filename for found in caught] == [__file__]

    def test_a_day_is_iso_text(self) -> None:
        assert (F.series_date >= date(2025, 1, 31)).node == (F.series_date >= "2025-01-31").node


class TestIsIn:
    @pytest.mark.parametrize(
        "values",
        [
            ["a", "b"],
            ("a", "b"),
            pl.Series(["a", "b"]),
            iter(["a", "b"]),
            {"a": 1, "b": 2}.keys(),
            {"a": 1, "b": 2},
        ],
    )
    def test_any_collection_will_do(self, values: Any) -> None:
        assert F.x.is_in(values).node == IsIn(field="x", values=("a", "b"))

    def test_none_at_all_is_none_of_them(self) -> None:
        assert F.x.is_in([]).node == IsIn(field="x", values=())

    @pytest.mark.parametrize("values", ["T2", b"T2", 5, None, True])
    def test_a_single_value_is_refused(self, values: Any) -> None:
        with pytest.raises(FieldTypeMismatch, match=r"F\.x\.is_in takes a list of values, not"):
            F.x.is_in(values)

    def test_none_among_them_is_refused(self) -> None:
        with pytest.raises(FieldTypeMismatch, match="None"):
            F.x.is_in(["a", None])  # type: ignore[list-item] # the subject

    def test_long_lists_are_shown_abridged(self) -> None:
        shown = repr(F.x.is_in(range(1_000_000)))
        assert shown.endswith(", 19, … 999,980 more])")
        assert len(shown) < 200


class TestCombination:
    def test_chains_of_one_operator_are_flat(self) -> None:
        one, two, three, four = (F.x == number for number in range(4))
        flat = And(terms=(one.node, two.node, three.node, four.node))
        assert (one & two & three & four).node == flat
        assert ((one & two) & (three & four)).node == flat
        assert (one & (two & (three & four))).node == flat
        assert (one | two | three).node == Or(terms=(one.node, two.node, three.node))

    def test_nesting_stays_as_written(self) -> None:
        one, two, three = (F.x == number for number in range(3))
        assert ((one & two) | three).node == Or(terms=(And(terms=(one.node, two.node)), three.node))
        assert (one & two | three).node == ((one & two) | three).node
        assert (one & (two | three)).node == And(terms=(one.node, Or(terms=(two.node, three.node))))

    def test_long_chains_are_no_deep_ones(self) -> None:
        chain = reduce(or_, (F.x == number for number in range(5_000)))
        assert isinstance(chain.node, Or)
        assert len(chain.node.terms) == 5_000
        assert decode(encode(Plan(resource_type="volume", where=chain.node))).where == chain.node

    def test_nesting_has_a_limit_that_plans_can_carry(self) -> None:
        predicate = F.x == 0
        for level in range(MOST_NESTED):
            predicate = predicate & (F.x == level) if level % 2 else predicate | (F.x == level)
        assert decode(encode(Plan(resource_type="volume", where=predicate.node))).where == predicate.node
        with pytest.raises(InvalidPlan, match="65 deep; at most 64"):
            _ = predicate | (F.x == 1)

    @pytest.mark.parametrize("combine", [and_, or_])
    @pytest.mark.parametrize("other", [True, None, "x", F.x])
    def test_only_predicates_combine(self, combine: Callable[[Any, Any], Any], other: Any) -> None:
        with pytest.raises(TypeError, match="put each comparison in parentheses"):
            combine(F.x == 1, other)

    def test_comparisons_without_parentheses_are_explained(self) -> None:
        written: tuple[Callable[[], Any], ...] = (
            lambda: F.volume_type == "T2" & F.b_value > 1,
            lambda: F.volume_type == "T2" | F.b_value > 1,
            lambda: F.b_value & F.volume_type,
            lambda: F.b_value | F.volume_type,
        )
        for broken in written:
            with pytest.raises(TypeError, match="bind more tightly than comparisons"):
                broken()

    @given(predicates())
    def test_the_nodes_survive_the_wire(self, predicate: Predicate) -> None:
        assert decode(encode(Plan(resource_type="volume", where=predicate.node))).where == predicate.node


class TestTruth:
    @pytest.mark.parametrize(
        "broken",
        [
            lambda: bool(F.x == 1),
            lambda: (F.x == 1) and (F.y == 2),
            lambda: (F.x == 1) or (F.y == 2),
            lambda: not (F.x == 1),  # noqa: SIM201 - the subject
            lambda: 1 < F.x < 5,
            lambda: F.x in [1, 2],
        ],
    )
    def test_a_predicate_has_none(self, broken: Callable[[], Any]) -> None:
        with pytest.raises(TypeError, match=r"no truth value of its own.* & and \|.*instead of 1 < F\.x < 5"):
            broken()

    @pytest.mark.parametrize("broken", [lambda: bool(F.x) and F.y == 1, lambda: not F.x, lambda: bool(F.x)])
    def test_a_field_has_none(self, broken: Callable[[], Any]) -> None:
        with pytest.raises(TypeError, match=r"F\.x has no truth value of its own.*== True"):
            broken()

    def test_a_field_is_no_key(self) -> None:
        with pytest.raises(TypeError, match="unhashable"):
            hash(F.x)


class TestShown:
    @pytest.mark.parametrize(
        "written",
        [
            "F",
            "F.b_value",
            "F['not a name']",
            "F.b_value > 10",
            "F.volume_type == 'T2'",
            "F.volume_type.is_in(['T2', 'ADC'])",
            "F.b_value.is_null()",
            "F.b_value.is_not_null()",
            "(F.a == 1) & (F.b == 2) & ((F.c == 3) | (F.d == True))",
        ],
    )
    def test_as_it_is_written(self, written: str) -> None:
        assert repr(eval(written, {"F": F})) == written  # noqa: S307 - the text stands above

    @given(predicates())
    def test_what_is_shown_makes_the_same_predicate(self, predicate: Predicate) -> None:
        assert eval(repr(predicate), {"F": F}).node == predicate.node  # noqa: S307 - made from a predicate


def test_fields_of_names_all() -> None:
    predicate = ((F.a == 1) | F.b.is_null()) & F.c.is_in([1]) & (F.a > 2)
    assert sorted(fields_of(predicate.node)) == ["a", "a", "b", "c"]


def test_predicates_survive_pickling() -> None:
    predicate = (F.a == 1) | F.b.is_null()
    assert pickle.loads(pickle.dumps(predicate)).node == predicate.node  # noqa: S301 - made here
