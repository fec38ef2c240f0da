"""Instants of requests, as ISO 8601 text."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query

from vxdata.schemas.errors import InvalidRequest

AsOf = Annotated[
    str | None,
    Query(description="The instant to read at, in ISO 8601 and UTC; the last commit without it."),
]
"""The parameter of requests."""


def read_instant(text: str | None) -> datetime | None:
    """Read the instant that a request wants to read at.

    Args:
        text: ISO 8601: a date, or a date and a time; UTC unless it says otherwise.

    Returns:
        The instant; None if none is stated.

    Raises:
        InvalidRequest: The text is no such instant.

    Example:
        >>> read_instant("2026-01-02")
        datetime.datetime(2026, 1, 2, 0, 0, tzinfo=datetime.timezone.utc)
    """
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        msg = (
            f"as_of {text!r:.80} is no instant: write a date or an instant in ISO 8601, such as "
            "2026-01-02T10:00:00Z; in a URL, + is written %2B."
        )
        raise InvalidRequest(msg, as_of=text[:80]) from None
