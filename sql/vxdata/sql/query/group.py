"""Group: rows with equal keys become one, with their aggregates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.schemas.binding.bound import BoundAggregate
from vxdata.schemas.fields import Integer
from vxdata.sql.query.operands import one_of_equals, operand

if TYPE_CHECKING:
    from collections.abc import Callable

    from vxdata.schemas.binding import BoundPlan
    from vxdata.schemas.plan import AggregateFunction
    from vxdata.sql.dialect.base import Dialect
    from vxdata.sql.query.target import Target


def group(query: exp.Select, plan: BoundPlan, target: Target) -> exp.Select:
    """Add the aggregates and the GROUP BY clause, where the plan groups."""
    if plan.keys is None:
        return query
    table, dialect = plan.relation.name, target.dialect
    aggregates = [
        exp.alias_(_aggregate(output.source, table, dialect), output.field.name, quoted=True)
        for output in plan.outputs
        if isinstance(output.source, BoundAggregate)
    ]
    keys = [one_of_equals(operand(key, table, dialect), key) for key in plan.keys]
    query = query.select(*aggregates, copy=False)
    return query.group_by(*keys, copy=False) if keys else query


def _aggregate(aggregate: BoundAggregate, table: str, dialect: Dialect) -> exp.Expr:
    if aggregate.operand is None:
        return exp.Count(this=exp.Star())
    value = operand(aggregate.operand, table, dialect)
    is_integer = isinstance(aggregate.operand.type, Integer)
    match aggregate.function:
        case "quantile":
            write = dialect.quantile_of_integers if is_integer else dialect.quantile_of_doubles
            return write(one_of_equals(value, aggregate.operand), aggregate.quantile or 0.0)
        case "mean":
            return dialect.mean_of_integers(value) if is_integer else dialect.mean_of_doubles(value)
        case "sum":
            return dialect.sum_of_integers(value) if is_integer else dialect.sum_of_doubles(value)
        case "min" | "max" as function:
            return FUNCTIONS[function](one_of_equals(value, aggregate.operand))
        case function:
            return FUNCTIONS[function](value)


FUNCTIONS: dict[AggregateFunction, Callable[[exp.Expr], exp.Expr]] = {
    "count": lambda value: exp.Count(this=value),
    "n_unique": lambda value: exp.Count(this=exp.Distinct(expressions=[value])),
    "min": lambda value: exp.Min(this=value),
    "max": lambda value: exp.Max(this=value),
}
"""Function -> how it is written, if all engines write it alike; all leave nulls out."""
