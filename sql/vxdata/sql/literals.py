"""Literals: the values of a plan, given the type of the column that they meet.

Values become SQL only here, as sqlglot literal nodes, which quote them; text is never pasted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.schemas.errors import FieldTypeMismatch
from vxdata.schemas.fields import BlobUrl, Boolean, Date, Enum, Float, Integer, Text, Timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vxdata.schemas.fields import Field
    from vxdata.schemas.plan import Value

_BIGINT = range(-(2**63), 2**63)


@dataclass(frozen=True)
class Literal:
    """A value that has the Python type of its column."""

    value: bool | int | float | str | date | datetime

    def to_sql(self) -> exp.Expr:
        """Render the value as a typed sqlglot node."""
        match self.value:
            case bool():
                return exp.Boolean(this=self.value)
            case int():
                return exp.Literal.number(self.value)
            case float():
                return exp.cast(exp.Literal.string(repr(self.value)), exp.DType.DOUBLE)
            case datetime():
                return timestamp(self.value)
            case date():
                return exp.cast(exp.Literal.string(self.value.isoformat()), exp.DType.DATE)
            case str():
                return exp.Literal.string(self.value)


def array_text(values: Iterable[Literal]) -> str:
    r"""Write values as the text of a PostgreSQL array, to be quoted as one literal.

    Args:
        values: Literals of one type.

    Returns:
        Text such as ``{"a","b"}``, in which quotes and backslashes are escaped.

    Example:
        >>> array_text([Literal('say "a"'), Literal("b")])
        '{"say \\"a\\"","b"}'
    """
    return "{" + ",".join(_element(value.value) for value in values) + "}"


def _element(value: bool | float | str | date | datetime) -> str:  # noqa: FBT001 - a value, not a flag
    text = value.isoformat() if isinstance(value, date) else str(value)
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def timestamp(instant: datetime) -> exp.Expr:
    """Render an instant as a `timestamptz` literal in UTC, whatever the session's time zone is."""
    utc = instant.astimezone(UTC)
    return exp.cast(exp.Literal.string(utc.isoformat(timespec="microseconds")), exp.DType.TIMESTAMPTZ)


def literal(column: Field, value: Value) -> Literal:
    """Type a plan's value by the column that it is compared with.

    Args:
        column: The column.
        value: A value as JSON carries it.

    Returns:
        The typed literal.

    Raises:
        FieldTypeMismatch: The value is of another type, or not a date or instant in ISO 8601.

    Example:
        >>> from vxdata.schemas.fields import Field, Date
        >>> literal(Field(name="study_date", type=Date(), description=""), "2024-02-29").value
        datetime.date(2024, 2, 29)
    """
    typed = _typed(column, value)
    if typed is None:
        wanted = type(column.type).__name__.lower()
        msg = f"{column.name} is of type {wanted} and cannot be compared with {value!r:.80}."
        raise FieldTypeMismatch(msg, field=column.name, field_type=wanted, value=str(value)[:200])
    return Literal(typed)


def _typed(column: Field, value: Value) -> bool | int | float | str | date | datetime | None:  # noqa: PLR0911 - a table
    """The value in the column's Python type, or None where it does not fit."""
    match column.type, value:
        case Boolean(), bool():
            return value
        case _, bool():
            return None
        case Integer(), int() if value in _BIGINT:
            return value
        case Integer(), float():
            return value
        case Float(), int() | float():
            return _double(value)
        case Text() | Enum() | BlobUrl(), str() if "\x00" not in value:
            return value
        case Date(), str():
            return _parsed_date(value)
        case Timestamp(), str():
            return _parsed_instant(value)
        case _:
            return None


def _double(number: float) -> float | None:
    try:
        return float(number)
    except OverflowError:
        return None


def _parsed_date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _parsed_instant(text: str) -> datetime | None:
    """Parse an instant; one without a zone is taken as UTC, as everywhere in VxData."""
    try:
        instant = datetime.fromisoformat(text)
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
