"""Literals: the typed values of a plan as SQL.

Values become SQL only here, as sqlglot literal nodes, which quote them; text is never pasted.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.schemas.binding.values import Literal, Parameter

if TYPE_CHECKING:
    from vxdata.schemas.binding.values import Scalar


def to_sql(scalar: Scalar) -> exp.Expr:  # noqa: PLR0911 - a table
    """Write a value as a typed sqlglot node.

    Args:
        scalar: A value that has the Python type of its field, or a parameter.

    Returns:
        A literal, with a cast where its type is not plain; or `$n`.
    """
    if isinstance(scalar, Parameter):
        parameter = exp.Parameter(this=exp.Literal.number(scalar.number))
        return exp.Any(this=exp.paren(parameter, copy=False)) if scalar.is_array else parameter
    match scalar.value:
        case bool() as value:
            return exp.Boolean(this=value)
        case int() as value:
            return exp.Literal.number(value)
        case float() as value:
            return exp.cast(exp.Literal.string(repr(value)), exp.DType.DOUBLE, copy=False)
        case datetime() as value:
            return timestamp(value)
        case date() as value:
            return exp.cast(exp.Literal.string(value.isoformat()), exp.DType.DATE)
        case str() as value:
            return exp.Literal.string(value)


def as_scalar(rows: int | Parameter) -> Scalar:
    """A number of rows as a value, like those of conditions."""
    return rows if isinstance(rows, Parameter) else Literal(rows)


def timestamp(instant: datetime) -> exp.Expr:
    """Render an instant as a `timestamptz` literal in UTC, whatever the session's time zone is."""
    utc = instant.astimezone(UTC)
    return exp.cast(exp.Literal.string(utc.isoformat(timespec="microseconds")), exp.DType.TIMESTAMPTZ)
