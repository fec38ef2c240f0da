"""Literals: the values of a plan, given the type of the field that they meet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from vxdata.schemas.errors import FieldTypeMismatch
from vxdata.schemas.fields import BlobUrl, Boolean, Date, Enum, Float, Integer, Text, Timestamp

if TYPE_CHECKING:
    from vxdata.schemas.fields import FieldType
    from vxdata.schemas.plan.predicates import Value

Typed = bool | int | float | str | date | datetime


@dataclass(frozen=True)
class Literal:
    """A value that has the Python type of the field that it is compared with."""

    value: Typed


@dataclass(frozen=True)
class Parameter:
    """A parameter in the place of a literal, so that one statement serves several values.

    Args:
        number: Which of the statement's parameters, from 1.
        is_array: Whether its value is an array, any item of which is meant.
    """

    number: int
    is_array: bool = False


Scalar = Literal | Parameter
"""A value of a bound plan."""


def literal(name: str, field_type: FieldType, value: Value) -> Literal:
    """Type a plan's value by the field that it is compared with.

    Args:
        name: The field, for the message.
        field_type: Its type.
        value: A value as JSON carries it.

    Returns:
        The typed literal.

    Raises:
        FieldTypeMismatch: The value is of another type, or not a date or instant in ISO 8601.

    Example:
        >>> literal("study_date", Date(), "2024-02-29").value
        datetime.date(2024, 2, 29)
    """
    typed = _typed(field_type, value)
    if typed is None:
        wanted = type_name(field_type)
        msg = f"{name} is of type {wanted} and cannot be compared with {value!r:.80}."
        raise FieldTypeMismatch(msg, field=name, field_type=wanted, value=str(value)[:200])
    return Literal(typed)


def type_name(field_type: FieldType) -> str:
    """The name of a field type as messages and docs write it.

    Example:
        >>> type_name(Timestamp())
        'timestamp'
    """
    return type(field_type).__name__.lower()


def _typed(field_type: FieldType, value: Value) -> Typed | None:  # noqa: PLR0911 - a table
    """The value in the field's Python type, or None where it does not fit."""
    match field_type, value:
        case Boolean(), bool():
            return value
        case _, bool():
            return None
        case Integer(), int() | float() if _is_bigint(value):
            return int(value)
        case Integer(), float():  # a fraction, or beyond every integer
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


def _is_bigint(number: float) -> bool:
    """Whether a number is whole and fits 64 bits; `in range` would search for a float number by number."""
    return -(2**63) <= number < 2**63 and number == int(number)


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
