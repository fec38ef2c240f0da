"""Field references compared with values: every operator, and what each refuses."""

from __future__ import annotations

import math
import pickle
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import IntEnum, StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vxdata.schemas.errors import FieldTypeMismatch, InvalidPlan
from vxdata.schemas.plan import And, Comparison, IsIn, IsNull
from vxdata.schemas.plan.predicates import MAX_VALUES
from vxdata.schemas.types.pydantic import NaiveTimestampWarning
from vxdata.sdk import F, FieldRef, Predicate

if TYPE_CHECKING:
    from collections.abc import Callable


class Contrast(StrEnum):
    T2 = "T2"


class Score(IntEnum):
    HIGH = 5


LITERALS = st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()


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

    def test_between_takes_both_ends(self) -> None:
        assert F.b_value.between(1, 2.5).node == And(
            terms=(
                Comparison(op=">=", field="b_value", value=1),
                Comparison(op="<=", field="b_value", value=2.5),
            )
        )

    def test_after_and_before_leave_the_instant_out(self) -> None:
        day, noon = date(2025, 1, 31), datetime(2025, 1, 31, 12, tzinfo=UTC)
        assert F.at.after("2025-01-31").node == Comparison(op=">", field="at", value="2025-01-31")
        assert F.at.after(day).node == Comparison(op=">", field="at", value="2025-01-31")
        assert F.at.before(noon).node == (F.at < noon).node

    def test_pickled_they_are_the_same(self) -> None:
        predicate = (F.a == 1) | F.b["k"].is_null()
        assert pickle.loads(pickle.dumps(predicate)).node == predicate.node  # noqa: S301 - made here


class TestEntries:
    @pytest.mark.parametrize(
        "make",
        [
            lambda field: field > 1,
            lambda field: field.is_in([1, 2]),
            lambda field: field.is_null(),
            lambda field: field == None,  # noqa: E711 - the subject
            lambda field: field.is_not_null(),
            lambda field: field.contains("a"),
            lambda field: field.equals("a"),
            lambda field: field.equals("a", ignore_case=False),
            lambda field: field.has("a"),
            lambda field: field.contains_all(["a"]),
        ],
    )
    def test_every_predicate_takes_them(self, make: Callable[[FieldRef], Predicate]) -> None:
        whole, entry = make(F.metrics).node, make(F.metrics["auc"]).node
        assert entry == whole.model_copy(update={"key": "auc"})
        assert entry != whole

    def test_they_are_named_by_text(self) -> None:
        with pytest.raises(FieldTypeMismatch, match=r"F\.metrics takes the key of an entry.*not 0"):
            _ = F.metrics[0]  # type: ignore[index] # the subject
        assert F.metrics[Contrast.T2].key == "T2"

    def test_they_have_none_themselves(self) -> None:
        with pytest.raises(FieldTypeMismatch, match=r"F\.metrics\['a'\] is an entry") as caught:
            _ = F.metrics["a"]["b"]
        assert caught.value.details == {"field": "metrics['a']"}

    def test_errors_name_the_entry(self) -> None:
        with pytest.raises(FieldTypeMismatch, match=r"F\.metrics\['a'\] cannot be compared") as caught:
            _ = F.metrics["a"] == [1]
        assert caught.value.details == {"field": "metrics['a']", "value_type": "list"}

    def test_a_field_is_not_iterated(self) -> None:
        with pytest.raises(TypeError, match="not iterable"):
            list(F.metrics)  # type: ignore[call-overload] # the subject


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
        [
            Decimal(1),
            Fraction(1, 2),
            b"T2",
            [1],
            {"a": 1},
            timedelta(1),
            object(),
            pl.col("x"),
            pl.Series([1]),
        ],
    )
    def test_what_no_field_holds_is_refused(self, value: Any) -> None:
        with pytest.raises(FieldTypeMismatch, match=r"F\.x cannot be compared with") as caught:
            _ = F.x == value
        assert caught.value.details == {"field": "x", "value_type": type(value).__name__}
        assert isinstance(caught.value, TypeError)

    def test_another_field_is_refused_with_a_way_out(self) -> None:
        hint = r"^F\.a cannot be compared with the field F\.b\['k'\].*pl\.col\('a'\) and pl\.col\('b'\)\.$"
        other: Any = F.b["k"]
        with pytest.raises(FieldTypeMismatch, match=hint) as caught:
            _ = F.a == other
        assert caught.value.details == {"field": "a", "value_type": "FieldRef"}
        with pytest.raises(FieldTypeMismatch, match=hint):
            F.a.is_in([1, other])

    @pytest.mark.parametrize("value", [2**1024, -(2**1024), 10**5000], ids=["least", "negative", "huge"])
    def test_what_is_beyond_a_double_is_refused(self, value: int) -> None:
        with pytest.raises(FieldTypeMismatch, match=r"a whole number of [\d,]+ bits: fields hold finite"):
            _ = F.x > value

    def test_half_a_surrogate_pair_is_no_text(self) -> None:
        with pytest.raises(FieldTypeMismatch, match="half of a surrogate pair"):
            _ = F.x == "a\ud800"
        with pytest.raises(FieldTypeMismatch, match="half of a surrogate pair"):
            F.x.contains("\ud800")

    def test_numpy_scalars_are_plain_values(self) -> None:
        numpy = pytest.importorskip("numpy")
        for scalar in (numpy.float32(0.5), numpy.int64(7), numpy.bool_(True), numpy.str_("T2")):  # noqa: FBT003
            node = (F.x == scalar).node
            assert isinstance(node, Comparison)
            assert type(node.value) is type(scalar.item())
            assert node.value == scalar.item()
        assert (numpy.float64(0.5) < F.x).node == (F.x > 0.5).node
        assert F.x.is_in(numpy.array([1, 2])).node == F.x.is_in([1, 2]).node
        assert (F.x > numpy.datetime64("2025-01-31")).node == (F.x > "2025-01-31").node
        for refused in (
            numpy.datetime64(0, "ns"),
            numpy.array([1]),
            numpy.timedelta64(1),
            numpy.float32("nan"),
        ):
            with pytest.raises(FieldTypeMismatch, match="cannot be compared"):
                _ = F.x > refused

    def test_an_instant_outside_the_calendar_is_refused(self) -> None:
        with pytest.raises(FieldTypeMismatch, match="outside the years 1 to 9999"):
            _ = F.x > datetime.min.replace(tzinfo=timezone(timedelta(hours=1)))

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
        for values in (["a", None], pl.Series(["a", None])):
            with pytest.raises(FieldTypeMismatch, match=r"None of type NoneType; use is_null or is_not_null"):
                F.x.is_in(values)  # type: ignore[arg-type] # the subject

    def test_a_frame_of_one_column_is_a_list_and_one_of_several_is_refused(self) -> None:
        assert F.x.is_in(pl.DataFrame({"x": [1]})).node == IsIn(field="x", values=(1,))  # type: ignore[arg-type]
        with pytest.raises(FieldTypeMismatch, match="with the columns x, y, pass the one that is meant"):
            F.x.is_in(pl.DataFrame({"x": [1], "y": [2]}))  # type: ignore[arg-type] # the subject

    def test_categories_are_text(self) -> None:
        for kind in (pl.Categorical(), pl.Enum(["a", "b"])):
            assert F.x.is_in(pl.Series(["a", "b"], dtype=kind)).node == IsIn(field="x", values=("a", "b"))

    def test_there_is_a_limit_that_plans_can_carry(self) -> None:
        assert F.x.is_in(range(MAX_VALUES)).node == IsIn(field="x", values=tuple(range(MAX_VALUES)))
        with pytest.raises(InvalidPlan, match=r"250,001 values; at most 250,000.*by a query") as caught:
            F.x.is_in(range(MAX_VALUES + 1))
        assert caught.value.details == {"field": "x", "values": 250_001, "limit": 250_000}
