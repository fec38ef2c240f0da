"""Instants: what users may give as `as_of`."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Protocol, runtime_checkable

from vxdata.schemas.errors import InvalidRequest
from vxdata.schemas.value_types import NaiveTimestampWarning


@dataclass(frozen=True, order=True)
class Token:
    """A closed point of the commit order: whatever is read as of it reads the same for ever.

    Args:
        as_of: The instant, UTC.
        version: Sequence number of the last commit at or before it.
    """

    as_of: datetime
    version: int


@runtime_checkable
class HasInstant(Protocol):
    """Whatever knows the instant it was read or written at: a token, a result, a receipt."""

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
        InvalidRequest: The text is no date or instant.

    Example:
        >>> instant_of("2025-01-01T12:00:00+01:00").isoformat()
        '2025-01-01T11:00:00+00:00'
    """
    match as_of:
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
        case _:
            return as_of.as_of


def _in_utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        warnings.warn(f"{instant} has no time zone and is taken as UTC", NaiveTimestampWarning, stacklevel=5)
        return instant.replace(tzinfo=UTC)
    return instant.astimezone(UTC)
