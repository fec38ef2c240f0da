"""Python values as plans carry them, and what no field can be compared with."""

from __future__ import annotations

import math
import warnings
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

from vxdata.schemas.errors import FieldTypeMismatch, InvalidPlan
from vxdata.schemas.notation.reference import Reference
from vxdata.schemas.notation.stack import level_of_user
from vxdata.schemas.notation.subqueries import Quantified, SelectsOne
from vxdata.schemas.plan.predicates import MAX_VALUES
from vxdata.schemas.types.numpy_values import unwrapped
from vxdata.schemas.types.pydantic import NaiveTimestampWarning

if TYPE_CHECKING:
    from vxdata.schemas.plan import Value

Literal = bool | int | float | str | date | datetime

LARGEST: Final = 2**1024
"""Whole numbers from here on are beyond a double, hence beyond every field."""


def plain(reference: Reference, value: object) -> Value:  # noqa: PLR0911 - a table
    """Turn a value into what a plan carries; members of enumerations and numpy scalars become plain.

    Args:
        reference: The field that it is compared with, for the messages.
        value: What the user gave.

    Returns:
        A value of JSON; days and instants are text in ISO 8601, instants in UTC.

    Raises:
        FieldTypeMismatch: No field holds such a value.
    """
    match value:
        case datetime() if value != value or getattr(value, "nanosecond", None):  # noqa: PLR0124 - pandas' "not a time"
            raise _not_comparable(reference, value)
        case datetime():
            return _instant(reference, value).isoformat(timespec="microseconds")
        case date():
            return value.isoformat()
        case bool():
            return value
        case int() if abs(value) < LARGEST:
            return int(value)
        case float() if math.isfinite(value):
            return float(value)
        case int() | float():
            raise _not_finite(reference, value)
        case str():
            return _text(reference, value)
        case _:
            found = unwrapped(value)
            if found is value or isinstance(found, list):
                raise _not_comparable(reference, value)
            return plain(reference, found)


def plain_values(reference: Reference, method: str, values: object) -> tuple[Value, ...]:
    """Turn a collection into what a plan carries.

    Args:
        reference: The field, for the messages.
        method: What was called on it, for the messages.
        values: What the user gave.

    Returns:
        The values, in their order.

    Raises:
        FieldTypeMismatch: It is no collection, or no field holds one of the values.
        InvalidPlan: There are too many.
    """
    listed = None if isinstance(values, str | bytes) else reference.listed(values)
    if listed is None:
        msg = f"{reference!r}.{method} takes a list of values, not {values!r:.80}."
        raise FieldTypeMismatch(msg, field=reference.label, value_type=type(values).__name__)
    taken = tuple(plain(reference, value) for value in listed)
    if len(taken) > MAX_VALUES:
        msg = (
            f"{reference!r}.{method} is given {len(taken):,} values; at most {MAX_VALUES:,} are allowed. "
            "Describe them by a query instead, or join the collected frame with them in Polars."
        )
        raise InvalidPlan(msg, field=reference.label, values=len(taken), limit=MAX_VALUES)
    return taken


def plain_text(reference: Reference, method: str, text: object) -> str:
    """Turn a text to search for into what a plan carries.

    Args:
        reference: The field, for the messages.
        method: What was called on it, for the messages.
        text: What the user gave.

    Returns:
        The text.

    Raises:
        FieldTypeMismatch: It is no text.
    """
    if not isinstance(text, str):
        msg = f"{reference!r}.{method} takes text, not {text!r:.80} of type {type(text).__name__}."
        raise FieldTypeMismatch(msg, field=reference.label, value_type=type(text).__name__)
    return _text(reference, text)


def moment(reference: Reference, method: str, value: object) -> str | date:
    """Take a date or an instant.

    Args:
        reference: The field that it is for, for messages.
        method: The method that was called, for messages.
        value: Text in ISO 8601, a date or a datetime.

    Returns:
        The value as it is.

    Raises:
        FieldTypeMismatch: It is neither.
    """
    if isinstance(value, str):
        with suppress(ValueError):
            datetime.fromisoformat(value)
            return value
    elif isinstance(value, date):
        return value
    msg = f"{reference!r}.{method} takes a date or an instant, such as '2024-01-31', not {value!r:.80}."
    raise FieldTypeMismatch(msg, field=reference.label, value_type=type(value).__name__)


def _text(reference: Reference, text: str) -> str:
    bare = str.__str__(text)
    try:
        bare.encode()
    except UnicodeEncodeError:
        msg = f"{reference!r} cannot be compared with {bare!a:.80}: half of a surrogate pair is no text."
        raise FieldTypeMismatch(msg, field=reference.label, value_type="str") from None
    return bare


def _instant(reference: Reference, value: datetime) -> datetime:
    if value.tzinfo is None:
        msg = f"{value} has no time zone and is taken as UTC"
        warnings.warn(msg, NaiveTimestampWarning, stacklevel=level_of_user())
        return value.replace(tzinfo=UTC)
    try:
        return value.astimezone(UTC)
    except OverflowError:
        msg = f"{reference!r} cannot be compared with {value}, which is outside the years 1 to 9999 in UTC."
        raise FieldTypeMismatch(msg, field=reference.label, value_type="datetime") from None


def _not_finite(reference: Reference, number: object) -> FieldTypeMismatch:
    shown = f"a whole number of {number.bit_length():,} bits" if isinstance(number, int) else str(number)
    msg = f"{reference!r} cannot be compared with {shown}: fields hold finite numbers only."
    return FieldTypeMismatch(msg, field=reference.label, value_type=type(number).__name__)


def _not_comparable(reference: Reference, value: object) -> FieldTypeMismatch:
    match value:
        case Reference():
            what = f"the field {value!r}"
            hint = (
                "; a condition compares a field with values. "
                f"Collect both fields, and filter with pl.col({reference.name!r}) and pl.col({value.name!r})"
            )
        case SelectsOne():
            what = f"the query {value!r:.80}"
            hint = "; use is_in(query), or compare with ANY(query), ALL(query), or MAX(query) and its like"
        case Quantified():
            what, hint = f"{value!r:.80}", "; ANY and ALL take <, <=, > and >=, and is_in(query) finds equals"
        case None:
            what, hint = "None of type NoneType", "; use is_null or is_not_null"
        case _:
            what, hint = f"{value!r:.80} of type {type(value).__name__}", ""
    msg = f"{reference!r} cannot be compared with {what}{hint}."
    return FieldTypeMismatch(msg, field=reference.label, value_type=type(value).__name__)
