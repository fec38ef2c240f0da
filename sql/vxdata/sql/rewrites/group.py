"""Group: rows with equal keys become one, with their aggregates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.schemas.fields import Integer
from vxdata.schemas.plan.bound import BoundAggregate
from vxdata.sql.operands import operand

if TYPE_CHECKING:
    from collections.abc import Callable

    from vxdata.schemas.plan import AggregateFunction, BoundPlan
    from vxdata.sql.instant import Instant


def group(query: exp.Select, plan: BoundPlan, instant: Instant) -> exp.Select:  # noqa: ARG001 - one shape for all rules
    """Add the aggregates and the GROUP BY clause, where the plan groups."""
    if plan.keys is None:
        return query
    table = plan.relation.name
    aggregates = [
        exp.alias_(_aggregate(output.source, table), output.field.name, quoted=True)
        for output in plan.outputs
        if isinstance(output.source, BoundAggregate)
    ]
    query = query.select(*aggregates, copy=False)
    return query.group_by(*(operand(key, table) for key in plan.keys), copy=False) if plan.keys else query


def _aggregate(aggregate: BoundAggregate, table: str) -> exp.Expr:
    if aggregate.operand is None:
        return exp.Count(this=exp.Star())
    value = operand(aggregate.operand, table)
    if aggregate.function == "quantile":
        return _quantile(value, aggregate.quantile or 0.0)
    is_integer = isinstance(aggregate.operand.type, Integer)
    if aggregate.function == "sum" and is_integer:
        return exp.cast(exp.Sum(this=value), exp.DType.BIGINT)
    if aggregate.function == "mean" and not is_integer:
        return _mean(value)
    return FUNCTIONS[aggregate.function](value)


def _mean(value: exp.Expr) -> exp.Expr:
    """The mean of doubles; PostgreSQL's own also sums squares, which overflow beyond 1e154."""
    rows = exp.Nullif(this=exp.Count(this=value.copy()), expression=exp.Literal.number(0))
    return exp.Div(this=exp.Sum(this=value), expression=rows, typed=True)


def _quantile(value: exp.Expr, quantile: float) -> exp.Expr:
    continuous = exp.PercentileCont(this=exp.Literal.number(repr(quantile)))
    return exp.WithinGroup(this=continuous, expression=exp.Order(expressions=[exp.Ordered(this=value)]))


FUNCTIONS: dict[AggregateFunction, Callable[[exp.Expr], exp.Expr]] = {
    "count": lambda value: exp.Count(this=value),
    "n_unique": lambda value: exp.Count(this=exp.Distinct(expressions=[value])),
    "min": lambda value: exp.Min(this=value),
    "max": lambda value: exp.Max(this=value),
    "sum": lambda value: exp.Sum(this=value),
    "mean": lambda value: exp.cast(exp.Avg(this=value), exp.DType.DOUBLE),
}
"""Function -> how it is written; PostgreSQL leaves nulls out of all of them."""
