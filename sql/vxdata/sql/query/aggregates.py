"""Aggregates: one value that stands for many, of a group or of what a subquery finds; nulls are left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.schemas.fields import Integer
from vxdata.sql.query.operands import one_of_equals, operand

if TYPE_CHECKING:
    from collections.abc import Callable

    from vxdata.schemas.binding.bound import BoundAggregate
    from vxdata.schemas.plan import AggregateFunction
    from vxdata.sql.dialect.base import Dialect


def aggregate_of(aggregate: BoundAggregate, table: str, dialect: Dialect) -> exp.Expr:
    """Write an aggregate.

    Args:
        aggregate: What is computed, of which operand; of none for the number of rows.
        table: Name of the rows.
        dialect: The dialect of the engine.
    """
    if aggregate.operand is None:
        return exp.Count(this=exp.Star())
    return aggregate_of_value(aggregate, operand(aggregate.operand, table, dialect), dialect)


def aggregate_of_value(aggregate: BoundAggregate, value: exp.Expr, dialect: Dialect) -> exp.Expr:
    """Write an aggregate of a value that is written already.

    Args:
        aggregate: What is computed, with the operand that the value stands for.
        value: The value.
        dialect: The dialect of the engine.
    """
    assert aggregate.operand is not None  # noqa: S101 - for the type checker: the value stands for it
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
