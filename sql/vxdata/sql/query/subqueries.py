"""Subqueries: the values of one field of the resources that another query finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.schemas.binding.bound import BoundAggregate
from vxdata.schemas.fields import TextList
from vxdata.sql.names import column, unresolved
from vxdata.sql.query.aggregates import aggregate_of_value
from vxdata.sql.query.operands import operand, ordered

if TYPE_CHECKING:
    from vxdata.schemas.binding.bound import BoundSubquery
    from vxdata.schemas.plan import AggregateFunction
    from vxdata.sql.query.target import ConditionScope

FOUND = "found"
"""Name of the rows of a subquery that takes a part of them."""


def values_of(query: BoundSubquery, scope: ConditionScope) -> exp.Select:
    """Select the values, nulls left out; of a list field, the items."""
    value, rows = _rows(query, scope)
    output = scope.dialect.each_item(value) if isinstance(query.operand.type, TextList) else value
    return rows.select(output, copy=False).where(exp.not_(value.copy().is_(exp.null())), copy=False)


def extreme_of(query: BoundSubquery, extreme: type[exp.Min | exp.Max], scope: ConditionScope) -> exp.Select:
    """Select the least or the largest value."""
    value, rows = _rows(query, scope)
    return rows.select(extreme(this=value), copy=False)


def aggregate_of_values(
    query: BoundSubquery, function: AggregateFunction, scope: ConditionScope
) -> exp.Select:
    """Select one value that is computed of all."""
    value, rows = _rows(query, scope)
    aggregate = BoundAggregate(function, query.operand)
    return rows.select(aggregate_of_value(aggregate, value, scope.dialect), copy=False)


def _rows(query: BoundSubquery, scope: ConditionScope) -> tuple[exp.Expr, exp.Select]:
    """The value, and the rows that it is selected from: limited first, where they are limited."""
    table = query.relation.name
    source = exp.alias_(unresolved(query.relation.label), table, table=True, quoted=True)
    rows = exp.Select().from_(source, copy=False)
    if query.where is not None:
        rows = rows.where(scope.within(table).condition(query.where), copy=False)
    value = operand(query.operand, table, scope.dialect)
    if query.limit is None and not query.offset:
        return value, rows
    part = ordered(
        rows.select(exp.alias_(value, "value", quoted=True), copy=False), query.order, table, scope.dialect
    )
    part = part if query.limit is None else part.limit(query.limit, copy=False)
    part = part.offset(query.offset, copy=False) if query.offset else part
    return column("value", FOUND), exp.Select().from_(part.subquery(FOUND, copy=False), copy=False)
