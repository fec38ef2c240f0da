"""Literals: the typed values of a plan as SQL.

Values become SQL only here, as sqlglot literal nodes, which quote them; text is never pasted.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.schemas.plan.values import Literal, Parameter
from vxdata.sql.names import render

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vxdata.schemas.plan.values import Scalar


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


def text_array(values: Iterable[Scalar]) -> exp.Expr:
    """Write texts as one array literal."""
    return exp.cast(exp.Literal.string(array_text(values)), exp.DataType.build("text[]", dialect="postgres"))


def texts(values: Iterable[str]) -> str:
    r"""Write texts as one array literal, rendered.

    Args:
        values: The texts.

    Returns:
        SQL, for the parameter of a statement that is prepared.

    Example:
        >>> texts(["a", "b"])
        'CAST(\'{"a","b"}\' AS TEXT[])'
    """
    return render(text_array(map(Literal, values)))


def array_text(values: Iterable[Scalar]) -> str:
    r"""Write values as the text of a PostgreSQL array, to be quoted as one literal.

    Args:
        values: Literals of one type.

    Returns:
        Text such as ``{"a","b"}``, in which quotes and backslashes are escaped.

    Example:
        >>> from vxdata.schemas.plan.values import Literal, Parameter
        >>> array_text([Literal('say "a"'), Literal("b")])
        '{"say \\"a\\"","b"}'
    """
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: Scalar) -> str:
    if isinstance(value, Parameter):
        msg = f"${value.number} stands for a value, not for part of one"
        raise TypeError(msg)
    text = value.value.isoformat() if isinstance(value.value, date) else str(value.value)
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def timestamp(instant: datetime) -> exp.Expr:
    """Render an instant as a `timestamptz` literal in UTC, whatever the session's time zone is."""
    utc = instant.astimezone(UTC)
    return exp.cast(exp.Literal.string(utc.isoformat(timespec="microseconds")), exp.DType.TIMESTAMPTZ)
