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
    is_integer = isinstance(aggregate.operand.type, Integer)
    if aggregate.function == "quantile":
        found = _quantile(value, aggregate.quantile or 0.0)
        return found if is_integer else _if_near(value, found)
    if aggregate.function == "sum" and is_integer:
        return exp.cast(exp.Sum(this=value), exp.DType.BIGINT)
    if aggregate.function == "mean" and not is_integer:
        return _mean(value)
    return FUNCTIONS[aggregate.function](value)


def _mean(value: exp.Expr) -> exp.Expr:
    """The mean of doubles; PostgreSQL's own also sums squares, which overflow beyond 1e154.

    What is too small for a double is 0, where PostgreSQL's division would fail.
    """
    total, rows = exp.Sum(this=value), exp.Count(this=value.copy())
    smallest = exp.cast(exp.Literal.string("5e-324"), exp.DType.DOUBLE)
    is_zero = exp.LTE(
        this=exp.Abs(this=total.copy()), expression=exp.Mul(this=rows.copy(), expression=smallest)
    )
    mean = exp.Div(this=total, expression=exp.Nullif(this=rows, expression=exp.Literal.number(0)), typed=True)
    return exp.Case().when(is_zero, exp.cast(exp.Literal.number(0), exp.DType.DOUBLE)).else_(mean)


def _if_near(value: exp.Expr, found: exp.Expr) -> exp.Expr:
    """Fail where values lie further apart than a double reaches: a quantile between would be infinite."""
    reach = exp.Sub(this=exp.Max(this=value.copy()), expression=exp.Min(this=value.copy()))
    return exp.Case().when(exp.not_(reach.is_(exp.null())), found)


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
