"""Queries inside of predicates: looked up in, compared with, and counted as levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from vxdata.schemas.errors import FieldTypeMismatch, InvalidPlan
from vxdata.schemas.notation.predicates import nesting
from vxdata.schemas.notation.show import show
from vxdata.schemas.notation.subqueries import ALL, ANY, COUNT, MAX, MEAN, MIN
from vxdata.schemas.plan import (
    MAX_NESTING,
    Aggregated,
    HasAncestor,
    IsInQuery,
    OrderBy,
    Plan,
    Quantified,
    Subquery,
    decode,
    encode,
)
from vxdata.sdk import F, Predicate, has_ancestor

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Asked:
    """A query as expressions know one."""

    node: Subquery

    def as_subquery(self) -> Subquery:
        return self.node

    def __repr__(self) -> str:
        return show(self.node)


def asked(where: Predicate | None = None, **parts: Any) -> Asked:
    node = None if where is None else where.node
    return Asked(Subquery(relation="volume", select="b_value", where=node, **parts))


ALL_VOLUMES = asked()
T1 = asked(F.volume_type == "T1")


class TestLookups:
    def test_is_in_takes_a_query(self) -> None:
        assert F.x.is_in(T1).node == IsInQuery(field="x", query=T1.node)
        assert F.x["k"].is_in(T1).node == IsInQuery(field="x", key="k", query=T1.node)

    def test_contains_any_is_the_same_for_lists(self) -> None:
        assert F.x.contains_any(T1).node == F.x.is_in(T1).node

    def test_contains_all_takes_none(self) -> None:
        with pytest.raises(FieldTypeMismatch, match=r"takes a list of values, not client\.volumes"):
            F.x.contains_all(T1)  # type: ignore[arg-type] # the subject

    @pytest.mark.parametrize(
        "compare", [lambda it: F.x == it, lambda it: F.x > it, lambda it: F.x.is_in([it])]
    )
    def test_a_query_is_no_value(self, compare: Callable[[Any], Any]) -> None:
        with pytest.raises(FieldTypeMismatch, match=r"the query client.*use is_in\(query\).*ANY\(query\)"):
            compare(T1)


class TestQuantified:
    @pytest.mark.parametrize(
        ("make", "op"),
        [
            (lambda values: F.x < values, "<"),
            (lambda values: F.x <= values, "<="),
            (lambda values: F.x > values, ">"),
            (lambda values: F.x >= values, ">="),
            (lambda values: values > F.x, "<"),
            (lambda values: values >= F.x, "<="),
            (lambda values: values < F.x, ">"),
            (lambda values: values <= F.x, ">="),
        ],
    )
    def test_every_operator_from_both_sides(self, make: Callable[[Any], Predicate], op: Any) -> None:
        assert make(ANY(T1)).node == Quantified(op="any", comparison=op, field="x", query=T1.node)
        assert make(ALL(T1)).node == Quantified(op="all", comparison=op, field="x", query=T1.node)

    def test_entries_are_compared(self) -> None:
        node = (F.x["k"] > ALL(T1)).node
        assert node == Quantified(op="all", comparison=">", field="x", key="k", query=T1.node)

    @pytest.mark.parametrize(
        "compare",
        [
            lambda values: F.x == values,
            lambda values: F.x != values,
            lambda values: values == F.x,
            lambda values: F.x.is_in([values]),
            lambda values: F.x.between(values, 5),
        ],
    )
    def test_they_have_an_order_only(self, compare: Callable[[Any], Any]) -> None:
        with pytest.raises(FieldTypeMismatch, match=r"ANY and ALL take <, <=, > and >=.*is_in\(query\)"):
            compare(ANY(T1))

    @pytest.mark.parametrize("quantifier", [ANY, ALL])
    @pytest.mark.parametrize("values", [[1, 2], 5, None, F.x, T1.node])
    def test_only_queries_are_quantified(self, quantifier: Callable[[Any], Any], values: Any) -> None:
        with pytest.raises(TypeError, match=rf"{quantifier.__name__} takes a query such as .*min or max"):
            quantifier(values)


class TestAggregates:
    @pytest.mark.parametrize(("make", "op"), [(MIN, "min"), (MAX, "max"), (MEAN, "mean"), (COUNT, "count")])
    @pytest.mark.parametrize(
        ("compare", "comparison"),
        [
            (lambda value: F.x == value, "=="),
            (lambda value: F.x != value, "!="),
            (lambda value: F.x < value, "<"),
            (lambda value: F.x <= value, "<="),
            (lambda value: F.x > value, ">"),
            (lambda value: F.x >= value, ">="),
            (lambda value: value == F.x, "=="),
            (lambda value: value > F.x, "<"),
        ],
    )
    def test_every_comparison(
        self, make: Callable[[Any], Any], op: Any, compare: Callable[[Any], Predicate], comparison: Any
    ) -> None:
        found = compare(make(T1))
        assert found.node == Aggregated(op=op, comparison=comparison, field="x", query=T1.node)
        assert repr(found) == f"F.x {comparison} {op.upper()}({T1!r})"
        assert repr(make(T1)) == f"{op.upper()}({T1!r})"
        assert found.depth == 1
        plan = Plan(relation="volume", where=found.node)
        assert decode(encode(plan)) == plan

    @pytest.mark.parametrize("make", [MIN, MAX, MEAN, COUNT])
    @pytest.mark.parametrize("values", [[1, 2], 5, None, F.x, T1.node])
    def test_of_queries_only(self, make: Callable[[Any], Any], values: Any) -> None:
        with pytest.raises(TypeError, match=f"{make.__name__} takes a query such as"):
            make(values)

    def test_they_are_no_item_of_a_list(self) -> None:
        with pytest.raises(FieldTypeMismatch, match="cannot be compared with MAX"):
            F.x.is_in([MAX(T1)])  # type: ignore[list-item] # the subject


class TestNesting:
    def test_subqueries_count(self) -> None:
        assert F.x.is_in(ALL_VOLUMES).depth == 0
        assert F.x.is_in(T1).depth == 1
        assert (F.x > ANY(T1)).depth == 1
        predicate = ~((F.x > ANY(asked(F.y.is_in(T1) & (F.z == 1)))) | (F.x == 1))
        assert predicate.depth == nesting(predicate.node) == 5

    def test_they_have_a_limit_that_plans_can_carry(self) -> None:
        predicate = F.x == 1
        for _ in range(MAX_NESTING):
            predicate = F.x.is_in(asked(predicate))
        plan = Plan(relation="volume", where=predicate.node)
        assert decode(encode(plan)) == plan
        too_deep = asked(predicate)
        with pytest.raises(InvalidPlan, match=r"65 deep; at most 64 levels of &, \|, ~ and subqueries"):
            F.x.is_in(too_deep)
        with pytest.raises(InvalidPlan, match="65 deep"):
            _ = F.x < ANY(too_deep)


class TestShown:
    @pytest.mark.parametrize(
        ("predicate", "shown"),
        [
            (F.x.is_in(ALL_VOLUMES), "F.x.is_in(client.volumes.query().select('b_value'))"),
            (
                ~F.x.is_in(T1),
                "~F.x.is_in(client.volumes.query().filter(F.volume_type == 'T1').select('b_value'))",
            ),
            (
                (F.x > ALL(ALL_VOLUMES)) & (F.y == 1),
                "(F.x > ALL(client.volumes.query().select('b_value'))) & (F.y == 1)",
            ),
            (ANY(ALL_VOLUMES) > F.x, "F.x < ANY(client.volumes.query().select('b_value'))"),
        ],
    )
    def test_inside_of_predicates(self, predicate: Predicate, shown: str) -> None:
        assert repr(predicate) == shown

    def test_quantified(self) -> None:
        assert repr(ANY(T1)) == f"ANY({T1!r})"
        assert repr(ALL(T1)) == f"ALL({T1!r})"

    @pytest.mark.parametrize(
        ("query", "steps"),
        [
            (asked((F.a == 1) & F.b.between(1, 2)), ".filter(F.a == 1, F.b.between(1, 2))"),
            (asked((F.a == 1) | (F.b == 2)), ".filter((F.a == 1) | (F.b == 2))"),
            (
                asked(order_by=(OrderBy(field="a"), OrderBy(field="m", key="k", descending=True))),
                ".order_by('a', F.m['k'].desc())",
            ),
            (asked(order_by=(OrderBy(field="m", key="k"),)), ".order_by(F.m['k'].asc())"),
            (asked(order_by=(OrderBy(field="a", nulls_first=True),)), ".order_by(F.a.asc(nulls_first=True))"),
            (asked(offset=5, limit=0), ".offset(5).limit(0)"),
        ],
    )
    def test_steps(self, query: Asked, steps: str) -> None:
        assert show(query.node) == f"client.volumes.query(){steps}.select('b_value')"

    def test_a_type_without_namespace(self) -> None:
        shown = show(Subquery(relation="robot", select="identifier"))
        assert shown == "client.namespace('robot').query().select('identifier')"


class TestAncestors:
    def test_of_any_type(self) -> None:
        assert has_ancestor("datasource/dasa").node == HasAncestor(identifier="datasource/dasa")
        assert repr(~has_ancestor("datasource/dasa")) == "~has_ancestor('datasource/dasa')"

    @pytest.mark.parametrize("identifier", [None, 5, ["datasource/dasa"], F.identifier])
    def test_named_by_text(self, identifier: Any) -> None:
        with pytest.raises(TypeError, match="has_ancestor takes an identifier such as 'datasource/dasa'"):
            has_ancestor(identifier)
