"""Binding: every name resolved, every literal typed, or a named error."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

import pytest

from vxdata.schemas.errors import FieldTypeMismatch, InvalidPlan, UnknownField, UnknownResourceType
from vxdata.schemas.fields import (
    BlobUrl,
    Boolean,
    Date,
    Enum,
    Field,
    Float,
    Integer,
    NumberMap,
    Text,
    TextList,
    TextMap,
    Timestamp,
)
from vxdata.schemas.plan import And, Comparison, IsIn, IsNull, Or, Plan
from vxdata.schemas.registry import registry
from vxdata.sql.bind import BoundAnd, BoundComparison, BoundIsIn, BoundIsNull, BoundOr, bind
from vxdata.sql.catalog import Catalog, Relation
from vxdata.sql.literals import Literal

if TYPE_CHECKING:
    from vxdata.schemas.fields import FieldType
    from vxdata.schemas.plan import Predicate

TYPES: Final[dict[str, FieldType]] = {
    "text": Text(),
    "word": Enum(values=("a", "b")),
    "url": BlobUrl(),
    "whole": Integer(),
    "real": Float(),
    "flag": Boolean(),
    "day": Date(),
    "instant": Timestamp(),
    "texts": TextList(),
    "text_map": TextMap(),
    "number_map": NumberMap(),
}
THING: Final = Relation(
    "thing", tuple(Field(name=name, type=kind, description="") for name, kind in TYPES.items()), ("thing",)
)
CATALOG: Final = Catalog({"thing": THING})

GOOD: Final[dict[str, list[tuple[Any, Any]]]] = {
    "text": [("a", "a"), ("", ""), ("2024-02-29", "2024-02-29")],
    "word": [("a", "a"), ("not of the vocabulary", "not of the vocabulary")],
    "url": [("s3://bucket/key", "s3://bucket/key")],
    "whole": [(1, 1), (-(2**63), -(2**63)), (2**63 - 1, 2**63 - 1), (1.5, 1.5)],
    "real": [(1, 1.0), (1.5, 1.5), (-0.0, -0.0)],
    "flag": [(True, True), (False, False)],
    "day": [("2024-02-29", date(2024, 2, 29)), ("0001-01-01", date.min), ("9999-12-31", date.max)],
    "instant": [
        ("2024-02-29T12:00:00Z", datetime(2024, 2, 29, 12, tzinfo=UTC)),
        ("2024-02-29T12:00:00", datetime(2024, 2, 29, 12, tzinfo=UTC)),
        ("2024-02-29", datetime(2024, 2, 29, tzinfo=UTC)),
        ("2024-02-29T12:00:00.000001+01:00", datetime(2024, 2, 29, 11, 0, 0, 1, tzinfo=UTC)),
    ],
}
BAD: Final[dict[str, list[Any]]] = {
    "text": [1, 1.5, True, "nul \x00 in text"],
    "word": [1, True],
    "url": [1, False],
    "whole": ["1", True, 2**63, -(2**63) - 1],
    "real": ["1.5", True, 10**400],
    "flag": [1, 0, "true", 1.0],
    "day": [20240229, "2024-02-30", "today", "", "10000-01-01", True, "2024-02-29T12:00:00Z"],
    "instant": [0, 1.5, "noon", "2024-02-30T00:00:00Z", "0001-01-01T00:00:00+14:00", False],
}


def compared(field: str, value: Any) -> Predicate:
    return Comparison(op="==", field=field, value=value)


def bound_where(where: Predicate) -> Any:
    return bind(Plan(resource_type="thing", where=where), CATALOG).where


class TestNames:
    def test_unknown_type(self) -> None:
        with pytest.raises(UnknownResourceType, match=r"Did you mean volume\?") as caught:
            bind(Plan(resource_type="volumme"), Catalog.from_registry(registry()))
        assert caught.value.details["resource_type"] == "volumme"

    @pytest.mark.parametrize(
        "plan",
        [
            Plan(resource_type="thing", select=("instnt",)),
            Plan(resource_type="thing", where=compared("instnt", "2024-02-29")),
            Plan(resource_type="thing", where=IsIn(field="instnt", values=())),
            Plan(resource_type="thing", where=IsNull(op="is_null", field="instnt")),
            Plan(
                resource_type="thing",
                where=Or(terms=(And(terms=(IsNull(op="is_not_null", field="instnt"),)),)),
            ),
        ],
    )
    def test_unknown_field(self, plan: Plan) -> None:
        with pytest.raises(
            UnknownField, match=r"thing has no field instnt\. Did you mean instant\?"
        ) as caught:
            bind(plan, CATALOG)
        assert caught.value.details["fields"] == ["instnt"]
        assert caught.value.details["known"] == list(TYPES)

    def test_every_unknown_field_of_a_selection_is_named(self) -> None:
        with pytest.raises(UnknownField) as caught:
            bind(Plan(resource_type="thing", select=("x", "text", "y")), CATALOG)
        assert caught.value.details["fields"] == ["x", "y"]

    @pytest.mark.parametrize("name", ["tombstone", "TEXT", 'text"', "thing.text", "*", "", "children"])
    def test_a_name_is_looked_up_as_it_stands(self, name: str) -> None:
        with pytest.raises(UnknownField):
            bind(Plan(resource_type="thing", select=(name,)), CATALOG)

    def test_selected_twice(self) -> None:
        with pytest.raises(InvalidPlan, match="more than once: flag, text") as caught:
            bind(Plan(resource_type="thing", select=("text", "flag", "text", "day", "flag")), CATALOG)
        assert caught.value.details["fields"] == ["flag", "text"]

    def test_selection_keeps_its_order(self) -> None:
        plan = bind(Plan(resource_type="thing", select=("real", "text")), CATALOG)
        assert [column.name for column in plan.columns] == ["real", "text"]

    def test_no_selection_is_everything(self) -> None:
        assert bind(Plan(resource_type="thing"), CATALOG).columns == THING.columns

    def test_registry_is_offered_whole(self) -> None:
        catalog = Catalog.from_registry(registry())
        for payload_type in registry():
            plan = bind(Plan(resource_type=payload_type.prefix), catalog)
            assert plan.columns == payload_type.response_fields


class TestLiterals:
    @pytest.mark.parametrize(
        ("field", "value", "typed"), [(field, *pair) for field, pairs in GOOD.items() for pair in pairs]
    )
    def test_typed_by_the_column(self, field: str, value: Any, typed: Any) -> None:
        bound = bound_where(compared(field, value))
        assert bound == BoundComparison("==", THING.column_by_name[field], Literal(typed))
        assert type(bound.value.value) is type(typed)
        assert bound_where(IsIn(field=field, values=(value,))).values == (Literal(typed),)

    @pytest.mark.parametrize(
        ("field", "value"), [(field, value) for field, values in BAD.items() for value in values]
    )
    def test_refused(self, field: str, value: Any) -> None:
        for where in (compared(field, value), IsIn(field=field, values=(value,))):
            with pytest.raises(FieldTypeMismatch, match=f"^{field} is of type ") as caught:
                bound_where(where)
            assert caught.value.details["field"] == field
            assert caught.value.details["field_type"] == type(TYPES[field]).__name__.lower()
            assert len(caught.value.message) < 300

    @pytest.mark.parametrize("field", ["texts", "text_map", "number_map"])
    def test_lists_and_mappings_are_not_compared(self, field: str) -> None:
        for where in (compared(field, "a"), IsIn(field=field, values=())):
            with pytest.raises(FieldTypeMismatch, match="cannot be compared as a whole"):
                bound_where(where)
        assert bound_where(IsNull(op="is_not_null", field=field)) == BoundIsNull(
            THING.column_by_name[field], negated=True
        )

    def test_every_field_type_is_covered(self) -> None:
        assert GOOD.keys() == BAD.keys() == TYPES.keys() - {"texts", "text_map", "number_map"}


def test_nesting_is_kept() -> None:
    flag = THING.column_by_name["flag"]
    where = And(terms=(Or(terms=(compared("flag", value=True), IsIn(field="flag", values=(False,)))),))
    assert bound_where(where) == BoundAnd(
        (
            BoundOr(
                (BoundComparison("==", flag, Literal(value=True)), BoundIsIn(flag, (Literal(value=False),)))
            ),
        )
    )


class TestAsOf:
    def test_naive(self) -> None:
        with pytest.raises(InvalidPlan, match="has no time zone"):
            bind(Plan(resource_type="thing", as_of=datetime(2024, 2, 29)), CATALOG)  # noqa: DTZ001

    def test_brought_to_utc(self) -> None:
        plan = Plan(
            resource_type="thing", as_of=datetime(2024, 2, 29, 1, tzinfo=timezone(timedelta(hours=2)))
        )
        bound = bind(plan, CATALOG)
        assert bound.as_of == datetime(2024, 2, 28, 23, tzinfo=UTC)
        assert bound.as_of.tzinfo is UTC

    @pytest.mark.parametrize(
        "as_of",
        [
            datetime.min.replace(tzinfo=timezone(timedelta(hours=1))),
            datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))),
        ],
    )
    def test_outside_the_calendar(self, as_of: datetime) -> None:
        with pytest.raises(InvalidPlan, match="outside the years 1 to 9999"):
            bind(Plan(resource_type="thing", as_of=as_of), CATALOG)

    def test_none(self) -> None:
        assert bind(Plan(resource_type="thing"), CATALOG).as_of is None
