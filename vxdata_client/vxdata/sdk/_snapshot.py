"""Instants: what users may give as `as_of`."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Protocol, runtime_checkable

from vxdata.schemas.errors import FieldTypeMismatch, InvalidRequest
from vxdata.schemas.notation.stack import level_of_user
from vxdata.schemas.types.pydantic import NaiveTimestampWarning


@dataclass(frozen=True, order=True)
class Snapshot:
    """A closed point of the commit order: whatever is read as of it reads the same for ever.

    Args:
        as_of: The instant, UTC.
        version: Sequence number of the last commit at or before it.
    """

    as_of: datetime
    version: int


@runtime_checkable
class HasInstant(Protocol):
    """Whatever knows the instant it was read or written at: a snapshot, a result, a receipt."""

    @property
    def as_of(self) -> datetime:
        """The instant, UTC."""


AsOf = str | date | datetime | HasInstant


def instant_of(as_of: AsOf) -> datetime:
    """Turn what a user gave into an instant.

    Args:
        as_of: A date or instant, as text in ISO 8601 or as an object, or what an earlier call returned.
            A date is the start of its day. Without a time zone it is UTC, with a warning.

    Returns:
        The instant, in UTC.

    Raises:
        InvalidRequest: The text is no date or instant, or lies outside the years 1 to 9999 in UTC; or it is a
            result of a catalog.
        FieldTypeMismatch: It is neither text nor date nor instant, and knows none.

    Example:
        >>> instant_of("2025-01-01T12:00:00+01:00").isoformat()
        '2025-01-01T11:00:00+00:00'
    """
    match as_of:
        case datetime() if as_of != as_of:  # noqa: PLR0124 - what pandas calls "not a time" differs from itself
            raise FieldTypeMismatch("as_of takes an instant, not a missing one.", got=type(as_of).__name__)
        case datetime():
            return _in_utc(as_of)
        case date():
            return _in_utc(datetime.combine(as_of, time.min))
        case str():
            try:
                return _in_utc(datetime.fromisoformat(as_of))
            except ValueError:
                msg = (
                    f"as_of {as_of!r} is not a date or an instant in ISO 8601, such as 2025-01-31T12:00:00Z."
                )
                raise InvalidRequest(msg, as_of=as_of) from None
        case HasInstant():
            if getattr(as_of, "origin", None) is not None:
                msg = "A catalog keeps no versions, so nothing can be read as of what it has answered."
                raise InvalidRequest(msg)
            return as_of.as_of
        case _:
            msg = f"as_of takes a date, an instant or the snapshot of a read, not {type(as_of).__name__}."
            raise FieldTypeMismatch(msg, got=type(as_of).__name__)


def _in_utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        warnings.warn(
            f"{instant} has no time zone and is taken as UTC", NaiveTimestampWarning, level_of_user()
        )
        return instant.replace(tzinfo=UTC)
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        msg = f"as_of {instant.isoformat()} is outside the years 1 to 9999 in UTC."
        raise InvalidRequest(msg, as_of=instant.isoformat()) from None
