"""Literals: the typed values of a plan as SQL.

Values become SQL only here, as sqlglot literal nodes, which quote them; text is never pasted.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.schemas.plan.values import Literal
from vxdata.sql.names import render

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vxdata.schemas.plan.values import Typed


def to_sql(literal: Literal) -> exp.Expr:
    """Write a value as a typed sqlglot node.

    Args:
        literal: A value that has the Python type of its field.

    Returns:
        A literal, with a cast where its type is not plain.
    """
    match literal.value:
        case bool():
            return exp.Boolean(this=literal.value)
        case int():
            return exp.Literal.number(literal.value)
        case float():
            return exp.cast(exp.Literal.string(repr(literal.value)), exp.DType.DOUBLE, copy=False)
        case datetime():
            return timestamp(literal.value)
        case date():
            return exp.cast(exp.Literal.string(literal.value.isoformat()), exp.DType.DATE)
        case str():
            return exp.Literal.string(literal.value)


def text_array(values: Iterable[Literal]) -> exp.Expr:
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


def array_text(values: Iterable[Literal]) -> str:
    r"""Write values as the text of a PostgreSQL array, to be quoted as one literal.

    Args:
        values: Literals of one type.

    Returns:
        Text such as ``{"a","b"}``, in which quotes and backslashes are escaped.

    Example:
        >>> from vxdata.schemas.plan.values import Literal
        >>> array_text([Literal('say "a"'), Literal("b")])
        '{"say \\"a\\"","b"}'
    """
    return "{" + ",".join(_element(value.value) for value in values) + "}"


def _element(value: Typed) -> str:
    text = value.isoformat() if isinstance(value, date) else str(value)
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def timestamp(instant: datetime) -> exp.Expr:
    """Render an instant as a `timestamptz` literal in UTC, whatever the session's time zone is."""
    utc = instant.astimezone(UTC)
    return exp.cast(exp.Literal.string(utc.isoformat(timespec="microseconds")), exp.DType.TIMESTAMPTZ)
