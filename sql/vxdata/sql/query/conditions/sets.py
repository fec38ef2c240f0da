"""Conditions on sets: items of a list, membership, and comparisons with any or all values of a subquery.

A comparison with any or all is written with the least or the largest of the values: that is found once,
where PostgreSQL's own `ALL (SELECT …)` would compare each row with each value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.schemas.fields import Text, TextList
from vxdata.sql.dialect.membership import is_one_of
from vxdata.sql.query.conditions.scalar import OPERATORS, null_or_false, null_or_true, unknown_for_null
from vxdata.sql.query.operands import operand
from vxdata.sql.query.subqueries import aggregate_of_values, extreme_of, values_of

if TYPE_CHECKING:
    from vxdata.schemas.binding.bound_predicates import (
        BoundAggregated,
        BoundIsIn,
        BoundIsInQuery,
        BoundItemsTest,
        BoundQuantified,
    )
    from vxdata.sql.query.target import ConditionScope


def items_test(predicate: BoundItemsTest, scope: ConditionScope) -> exp.Expr:
    """Write the test whether a list or mapping contains any, or all, of some items."""
    value, wanted = operand(predicate.operand, scope.table, scope.dialect), predicate.values
    dialect, is_any = scope.dialect, predicate.op == "contains_any"
    if predicate.is_mapping:
        return dialect.has_any_key(value, wanted) if is_any else dialect.has_all_keys(value, wanted)
    if not is_any:
        return dialect.has_all(value, wanted)
    if len(wanted) <= dialect.max_has_any:
        return dialect.has_any(value, wanted)
    array = dialect.array_of(wanted, Text())
    test = dialect.has_item(value, lambda item: dialect.is_any_of(item, array))
    return unknown_for_null(test, value, scope)


def is_in(predicate: BoundIsIn, scope: ConditionScope) -> exp.Expr:
    """Write the test whether a value is one of some literals; null for a null, even without literals."""
    value, values = operand(predicate.operand, scope.table, scope.dialect), predicate.values
    if not values and scope.negated:
        return null_or_false(value)
    return is_one_of(value, values, predicate.operand.type, scope.dialect)


def is_in_query(predicate: BoundIsInQuery, scope: ConditionScope) -> exp.Expr:
    """Write the test whether a subquery returns a value, or any item of a list."""
    value, found = operand(predicate.operand, scope.table, scope.dialect), values_of(predicate.query, scope)
    if isinstance(predicate.operand.type, TextList):
        return unknown_for_null(scope.dialect.has_item(value, lambda item: _in(item, found)), value, scope)
    return unknown_for_null(_in(value, found), value, scope)


def _in(value: exp.Expr, found: exp.Select) -> exp.Expr:
    return exp.In(this=value, query=found.subquery(copy=False))


def quantified(predicate: BoundQuantified, scope: ConditionScope) -> exp.Expr:
    """Write a comparison with any or all values of a subquery: any of none is false, all of none is true."""
    value = operand(predicate.operand, scope.table, scope.dialect)
    is_above = predicate.op in {">", ">="}
    is_all = predicate.quantifier == "all"
    bound = extreme_of(predicate.query, exp.Max if is_above is is_all else exp.Min, scope)
    test = OPERATORS[predicate.op](this=value, expression=bound.subquery(copy=False))
    if not is_all and not scope.negated:
        return test
    of_none = null_or_true(value) if is_all else null_or_false(value)
    return exp.Coalesce(this=test, expressions=[of_none])


def aggregated(predicate: BoundAggregated, scope: ConditionScope) -> exp.Expr:
    """Write a comparison with the aggregate of a subquery, which is computed once."""
    value = operand(predicate.operand, scope.table, scope.dialect)
    found = aggregate_of_values(predicate.query, predicate.function, scope)
    return OPERATORS[predicate.op](this=value, expression=found.subquery(copy=False))
