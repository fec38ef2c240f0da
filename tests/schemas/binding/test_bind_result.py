"""Binding what a plan returns: fields, groups, aggregates, and their order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from vxdata.schemas.binding import bind
from vxdata.schemas.binding.bound import BoundAggregate, BoundOrder
from vxdata.schemas.binding.bound_predicates import BoundComparison, Operand
from vxdata.schemas.binding.values import type_name
from vxdata.schemas.catalog import Catalog, Relation, RelationKind, default_catalog
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.errors import FieldTypeMismatch, InvalidPlan, UnknownField
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
from vxdata.schemas.plan import Aggregate, Comparison, HasAncestor, IsInQuery, OrderBy, Plan, Subquery

if TYPE_CHECKING:
    from vxdata.schemas.binding import BoundPlan
    from vxdata.schemas.fields import FieldType

TYPES: Final[dict[str, FieldType]] = {
    "identifier": Text(),
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
    "thing",
    tuple(
        Field(name=name, type=kind, description="", required=name == "identifier")
        for name, kind in TYPES.items()
    ),
    ("thing",),
)
CATALOG: Final = Catalog({"thing": THING}, registry())
NESTED: Final = ("texts", "text_map", "number_map")
PLAIN: Final = tuple(name for name in TYPES if name not in NESTED)
ALIKE: Final = {"min", "max"}
FUNCTIONS: Final[dict[str, dict[str, type | None]]] = {
    "count": dict.fromkeys(TYPES, Integer),
    "n_unique": dict.fromkeys(PLAIN, Integer),
    "min": {name: None for name in PLAIN if name != "flag"},
    "max": {name: None for name in PLAIN if name != "flag"},
    "sum": {"whole": Integer, "real": Float},
    "mean": {"whole": Float, "real": Float},
    "quantile": {"whole": Float, "real": Float},
}
"""Function -> field that it takes -> type of the result; None for the field's own."""


def bound(**parts: Any) -> BoundPlan:
    return bind(Plan(relation="thing", **parts), CATALOG)


def operand(name: str, key: str | None = None) -> Operand:
    return Operand(THING.column_by_name[name], key)


def aggregate(function: Any, field: str | None = None, name: str = "made", **parts: Any) -> Aggregate:
    quantile = 0.5 if function == "quantile" else None
    return Aggregate(**{"function": function, "field": field, "name": name, "quantile": quantile} | parts)


def names(found: BoundPlan) -> list[str]:
    return [column.name for column in found.columns]


class TestSelection:
    def test_it_keeps_its_order(self) -> None:
        assert names(bound(select=("real", "identifier"))) == ["real", "identifier"]

    def test_none_is_everything(self) -> None:
        assert bound().columns == THING.columns

    def test_every_unknown_field_is_named(self) -> None:
        with pytest.raises(UnknownField) as caught:
            bound(select=("x", "whole", "y"))
        assert caught.value.details["fields"] == ["x", "y"]

    def test_once_each(self) -> None:
        with pytest.raises(InvalidPlan, match="one name: flag, whole") as caught:
            bound(select=("whole", "flag", "whole", "day", "flag"))
        assert caught.value.details["fields"] == ["flag", "whole"]

    def test_history_has_tombstones(self) -> None:
        found = bound(history=True)
        assert names(found) == [*TYPES, "deleted"]
        assert found.relation.kind is RelationKind.VERSION
        with pytest.raises(UnknownField):
            bound(select=("deleted",))
        with pytest.raises(InvalidPlan, match="commit has no history"):
            bind(Plan(relation="commit", history=True), default_catalog())


class TestDistinct:
    @pytest.mark.parametrize("field", TYPES)
    def test_of_single_values_alone(self, field: str) -> None:
        if field in PLAIN:
            found = bound(select=(field,), distinct=True)
            assert found.distinct
            assert names(found) == [field]
        else:
            with pytest.raises(FieldTypeMismatch, match="distinct takes fields with one value") as caught:
                bound(select=("whole", field), distinct=True)
            assert caught.value.details == {"field": field, "field_type": type_name(TYPES[field])}

    def test_all_fields_count_without_a_selection(self) -> None:
        with pytest.raises(FieldTypeMismatch, match=r"^texts is of type textlist"):
            bound(distinct=True)

    def test_ordered_by_what_it_returns(self) -> None:
        found = bound(select=("word", "whole"), distinct=True, order_by=(OrderBy(field="whole"),))
        assert [order.by for order in found.order] == [found.outputs[1], found.outputs[0]]
        with pytest.raises(
            InvalidPlan, match=r"ordered by a column of its result \(word\), not by whole"
        ) as it:
            bound(select=("word",), distinct=True, order_by=(OrderBy(field="whole"),))
        assert it.value.details == {"field": "whole", "columns": ["word"]}


class TestGroups:
    def test_keys_come_before_aggregates(self) -> None:
        found = bound(
            group_by=("word", "flag"), aggregates=(aggregate("count"), aggregate("max", "day", "d"))
        )
        assert names(found) == ["word", "flag", "made", "d"]
        assert found.keys == (operand("word"), operand("flag"))
        assert found.outputs[2].source == BoundAggregate("count", None)
        assert found.outputs[3].source == BoundAggregate("max", operand("day"))

    def test_keys_alone(self) -> None:
        assert names(bound(group_by=("word",))) == ["word"]

    def test_one_group_of_all_rows(self) -> None:
        found = bound(group_by=(), aggregates=(aggregate("count"),))
        assert found.keys == ()
        assert found.columns[0].required

    @pytest.mark.parametrize("field", NESTED)
    def test_keys_have_single_values(self, field: str) -> None:
        with pytest.raises(FieldTypeMismatch, match="group_by takes fields with one value") as caught:
            bound(group_by=(field,))
        assert caught.value.details == {"field": field, "field_type": type_name(TYPES[field])}

    @pytest.mark.parametrize("make", [lambda: {"group_by": ("wrd",)}, lambda: {"group_by": ("word", "wrd")}])
    def test_unknown_keys(self, make: Any) -> None:
        with pytest.raises(UnknownField, match=r"thing has no field wrd\. Did you mean word\?"):
            bound(**make())

    @pytest.mark.parametrize(
        ("parts", "problem"),
        [
            ({"aggregates": (aggregate("count"),)}, "says what it groups by"),
            ({"group_by": ()}, "needs a field to group by, or an aggregate"),
            ({"group_by": ("word",), "select": ("word",)}, "takes no select and no distinct"),
            ({"group_by": ("word",), "distinct": True}, "takes no select and no distinct"),
            ({"group_by": ("word", "word")}, "one name: word"),
            ({"group_by": ("word",), "aggregates": (aggregate("count", name="word"),)}, "one name: word"),
            ({"group_by": (), "aggregates": (aggregate("count"),) * 2}, "one name: made"),
        ],
    )
    def test_what_contradicts_itself(self, parts: Any, problem: str) -> None:
        with pytest.raises(InvalidPlan, match=problem):
            bound(**parts)


class TestAggregates:
    @pytest.mark.parametrize("field", TYPES)
    @pytest.mark.parametrize("function", FUNCTIONS)
    def test_every_function_of_every_type(self, function: str, field: str) -> None:
        parts: dict[str, Any] = {"group_by": (), "aggregates": (aggregate(function, field),)}
        taken = FUNCTIONS[function]
        if field in taken:
            (column,) = bound(**parts).columns
            assert type(column.type) is (taken[field] or type(TYPES[field]))
            assert column.required == (function in {"count", "n_unique"})
        else:
            with pytest.raises(FieldTypeMismatch, match=f"^{field} is of type .*{function}") as caught:
                bound(**parts)
            assert caught.value.details["field"] == field
            assert caught.value.details["field_type"] == type_name(TYPES[field])

    def test_a_sum_of_whole_numbers_is_beyond_their_constraints(self) -> None:
        shares = Relation("thing", (Field(name="n", type=Integer(ge=0, le=1), description=""),), ("thing",))
        plan = Plan(relation="thing", group_by=(), aggregates=(aggregate("sum", "n"),))
        assert bind(plan, Catalog({"thing": shares}, registry())).columns[0].type == Integer()

    def test_entries(self) -> None:
        found = bound(group_by=(), aggregates=(aggregate("mean", "number_map", key="k"),))
        assert found.outputs[0].source == BoundAggregate("mean", operand("number_map", "k"))
        with pytest.raises(FieldTypeMismatch, match=r"text_map\['k'\] is of type text, which has no mean"):
            bound(group_by=(), aggregates=(aggregate("mean", "text_map", key="k"),))

    @pytest.mark.parametrize("function", [name for name in FUNCTIONS if name != "count"])
    def test_rows_are_counted_only(self, function: str) -> None:
        with pytest.raises(InvalidPlan, match=f"{function} needs a field; only count can do without one"):
            bound(group_by=(), aggregates=(aggregate(function),))

    @pytest.mark.parametrize(
        "wrong", [aggregate("mean", "real", quantile=0.5), aggregate("quantile", "real", quantile=None)]
    )
    def test_a_quantile_belongs_to_its_function(self, wrong: Aggregate) -> None:
        with pytest.raises(InvalidPlan, match="The function quantile, and it alone, takes a quantile"):
            bound(group_by=(), aggregates=(wrong,))

    def test_unknown_fields(self) -> None:
        with pytest.raises(UnknownField, match=r"Did you mean whole\?"):
            bound(group_by=(), aggregates=(aggregate("sum", "whol"),))


class TestOrder:
    def test_ties_are_broken_by_the_key(self) -> None:
        found = bound(order_by=(OrderBy(field="whole", descending=True, nulls_first=True),))
        assert found.order == (
            BoundOrder(operand("whole"), descending=True, nulls_first=True),
            BoundOrder(operand("identifier")),
        )
        assert [order.required for order in found.order] == [False, True]

    def test_the_key_itself_needs_no_more(self) -> None:
        found = bound(order_by=(OrderBy(field="identifier", descending=True), OrderBy(field="whole")))
        assert [order.by for order in found.order] == [operand("identifier"), operand("whole")]

    @pytest.mark.parametrize("part", [{"limit": 1}, {"limit": 0}, {"offset": 1}])
    def test_a_part_of_the_rows_comes_in_order_of_the_key(self, part: dict[str, int]) -> None:
        assert bound(**part).order == (BoundOrder(operand("identifier")),)

    def test_all_rows_need_no_order(self) -> None:
        assert bound().order == ()
        assert bound(select=("word",), distinct=True).order == ()

    def test_versions_are_told_apart_by_version(self) -> None:
        plan = Plan(relation="volume", history=True, limit=1)
        assert [str(order.by) for order in bind(plan, default_catalog()).order] == ["identifier", "version"]
        plan = Plan(relation="commit", limit=1)
        assert [str(order.by) for order in bind(plan, default_catalog()).order] == ["version"]

    def test_entries(self) -> None:
        found = bound(order_by=(OrderBy(field="number_map", key="k"),))
        assert found.order[0].by == operand("number_map", "k")

    @pytest.mark.parametrize("field", TYPES)
    def test_single_values_alone_have_one(self, field: str) -> None:
        if field in PLAIN:
            assert bound(order_by=(OrderBy(field=field),)).order[0].by == operand(field)
        else:
            with pytest.raises(FieldTypeMismatch, match="order_by takes fields with one value") as caught:
                bound(order_by=(OrderBy(field=field),))
            assert caught.value.details == {"field": field, "field_type": type_name(TYPES[field])}

    def test_unknown_fields(self) -> None:
        with pytest.raises(UnknownField, match=r"Did you mean whole\?"):
            bound(order_by=(OrderBy(field="whol"),))

    def test_what_is_not_selected_may_order(self) -> None:
        found = bound(select=("word",), order_by=(OrderBy(field="whole"),))
        assert found.order[0].by == operand("whole")

    def test_groups_are_ordered_by_their_columns(self) -> None:
        parts: dict[str, Any] = {"group_by": ("word", "flag"), "aggregates": (aggregate("count"),)}
        found = bound(**parts, order_by=(OrderBy(field="made", descending=True), OrderBy(field="flag")))
        word, flag, made = found.outputs
        assert found.order == (BoundOrder(made, descending=True), BoundOrder(flag), BoundOrder(word))
        assert bound(**parts, limit=1).order == (BoundOrder(word), BoundOrder(flag))
        assert bound(**parts).order == ()
        for wrong in (OrderBy(field="whole"), OrderBy(field="number_map", key="k")):
            with pytest.raises(InvalidPlan, match=r"ordered by a column of its result \(word, flag, made\)"):
                bound(**parts, order_by=(wrong,))

    def test_subqueries_are_ordered_likewise(self) -> None:
        def order(**parts: Any) -> Any:
            query = Subquery(relation="thing", select="word", **parts)
            found: Any = bound(where=IsInQuery(field="word", query=query)).where
            return found.query.order

        key, whole = BoundOrder(operand("identifier")), BoundOrder(operand("whole"))
        assert order() == ()
        assert order(limit=3) == (key,)
        assert order(order_by=(OrderBy(field="whole"),)) == (whole, key)
        with pytest.raises(FieldTypeMismatch, match="order_by takes fields with one value"):
            order(order_by=(OrderBy(field="texts"),))


class TestConditionsOnGroups:
    PARTS: Final[dict[str, Any]] = {
        "group_by": ("word",),
        "aggregates": (Aggregate(function="count", name="made"),),
    }

    def test_they_name_columns_of_the_result(self) -> None:
        found = bound(**self.PARTS, having=Comparison(op=">", field="made", value=1))
        assert isinstance(found.having, BoundComparison)
        assert found.having.operand == Operand(found.columns[1])
        assert found.conditions == (found.having,)

    @pytest.mark.parametrize("field", ["whole", "identifier", "mad"])
    def test_they_name_no_field_of_the_rows(self, field: str) -> None:
        with pytest.raises(UnknownField, match=f"grouped thing has no field {field}") as caught:
            bound(**self.PARTS, having=Comparison(op=">", field=field, value=1))
        assert caught.value.details["known"] == ["word", "made"]

    def test_groups_have_no_ancestors(self) -> None:
        with pytest.raises(InvalidPlan, match="grouped thing has no lineage"):
            bound(**self.PARTS, having=HasAncestor(identifier="patient/1"))

    def test_subqueries_are_read(self) -> None:
        query = Subquery(relation="thing", select="whole")
        found = bound(**self.PARTS, having=IsInQuery(field="made", query=query))
        assert found.reads == {THING}

    def test_rows_have_none(self) -> None:
        for parts in ({}, {"distinct": True, "select": ("word",)}):
            with pytest.raises(InvalidPlan, match="a condition on rows stands in where"):
                bound(**parts, having=Comparison(op="==", field="word", value="a"))
