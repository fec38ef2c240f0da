"""What nodes declare: their children, their cost, and what the canonical form leaves out or sorts."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, get_args

import pytest

from vxdata.schemas.plan import (
    Aggregate,
    Aggregated,
    And,
    Comparison,
    FirstPer,
    GroupKey,
    HasAncestor,
    HasDescendant,
    IsIn,
    IsInQuery,
    IsNull,
    ItemsTest,
    Not,
    Or,
    OrderBy,
    Plan,
    Predicate,
    Quantified,
    Subquery,
    TextTest,
)
from vxdata.schemas.plan.canonical import UNLESS_SET, UNORDERED
from vxdata.schemas.plan.predicates import Condition
from vxdata.schemas.plan.traverse import children, kinds, levels

CONDITIONS: tuple[type[Condition], ...] = get_args(get_args(Predicate)[0])
A, B, C = (IsNull(op="is_null", field=name) for name in "abc")


def subquery(where: Any = None) -> Subquery:
    return Subquery(relation="volume", select="b_value", where=where, order_by=(OrderBy(field="x"),))


@pytest.mark.parametrize(
    ("node", "below"),
    [
        (A, ()),
        (Comparison(op="==", field="a", value=1), ()),
        (IsIn(field="a", values=(1, 2)), ()),
        (TextTest(op="contains", field="a", text="x"), ()),
        (ItemsTest(op="contains_any", field="a", values=("x",)), ()),
        (HasAncestor(identifier="patient/1"), ()),
        (HasDescendant(identifier="volume/1"), ()),
        (Not(term=A), (A,)),
        (And(terms=(A, B, A)), (A, B, A)),
        (Or(terms=(Not(term=A), B)), (Not(term=A), B)),
        (IsInQuery(field="a", query=subquery()), ()),
        (IsInQuery(field="a", query=subquery(A)), (A,)),
        (Quantified(op="any", comparison="<", field="a", query=subquery(A)), (A,)),
        (subquery(B), (B,)),
        (Plan(relation="volume"), ()),
        (Plan(relation="volume", where=A, order_by=(OrderBy(field="x"),)), (A,)),
    ],
)
def test_a_node_has_the_conditions_of_its_fields_as_children(node: Any, below: tuple[Condition, ...]) -> None:
    assert children(node) == below


def test_levels_go_down_through_subqueries() -> None:
    top = And(terms=(Not(term=A), IsInQuery(field="a", query=subquery(Or(terms=(B, C))))))
    assert list(levels(top)) == [(top,), top.terms, (A, Or(terms=(B, C))), (B, C)]
    assert list(levels(None)) == []


def test_levels_do_not_recurse() -> None:
    node: Any = A
    for _ in range(5_000):
        node = Not.model_construct(term=node)
    assert sum(1 for _ in levels(node)) == 5_001


def test_every_operator_is_a_condition_and_is_known_to_a_plan() -> None:
    assert all(issubclass(kind, Condition) for kind in CONDITIONS)
    assert kinds(Plan) == {Plan, FirstPer, Subquery, OrderBy, Aggregate, GroupKey, *CONDITIONS}


def test_what_costs_a_query_says_so() -> None:
    costly = {kind for kind in CONDITIONS if kind.reads_other_rows}
    assert costly == {IsInQuery, Quantified, Aggregated, HasAncestor, HasDescendant}
    assert {kind for kind in CONDITIONS if Subquery in kinds(kind)} >= {IsInQuery, Quantified, Aggregated}


def test_the_canonical_form_follows_from_the_fields() -> None:
    assert {
        "ignore_case",
        "descending",
        "nulls_first",
        "distinct",
        "history",
        "offset",
        "order_by",
        "aggregates",
        "origin",
    } == UNLESS_SET
    assert {"values"} == UNORDERED


def test_a_key_means_the_same_in_every_node() -> None:
    """The canonical form goes by names, so a name that is left out, or sorted, is so everywhere."""
    declared = defaultdict(set)
    for kind in kinds(Plan):
        for name, info in kind.model_fields.items():
            if name in UNLESS_SET | UNORDERED:
                declared[name].add((repr(info.default), repr(info.metadata)))
    assert {name for name, forms in declared.items() if len(forms) > 1} == set()
