"""Replies that are made of several reads at one instant, with the headers that tell it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from vxdata.server.listeners.http.v1.replies import Asked, Freshness, json_reply, reply_unless_known
from vxdata.server.listeners.http.v1.snapshots import Snapshot, as_text
from vxdata.server.services.pinned import PinnedReads

if TYPE_CHECKING:
    from pydantic import BaseModel

    from vxdata.server.call import Call
    from vxdata.server.listeners.http.responses import Reply
    from vxdata.server.services.read import ReadService

Make = Callable[[PinnedReads, Snapshot], "BaseModel"]
"""Makes the content of an answer."""


def pinned_reply(read: ReadService, asked: Asked, call: Call, make: Make) -> Reply:
    """Answer with what several plans read at one instant.

    Args:
        read: Runs plans.
        asked: What was asked for; its plan says as of when.
        call: The call, with its deadline.
        make: Makes the content, unless the caller has it already.

    Returns:
        The reply.

    Raises:
        InvalidRequest: The plan names what does not exist, or lies in the future.
    """
    fixed, result = read.fix(asked.plan, call)

    def answer(fresh: Freshness) -> Reply:
        assert fixed.as_of is not None  # noqa: S101 - resources and commits have versions
        return json_reply(make(PinnedReads(read, fixed.as_of, call), fresh.snapshot), fresh.headers)

    return reply_unless_known(asked, result, answer)


def json_value(value: Any) -> Any:
    """Write a value as answers write it.

    Args:
        value: A value of a row.

    Returns:
        The same as JSON has it: instants as ISO 8601 in microseconds and UTC, dates as ISO 8601.

    Example:
        >>> json_value({"on": date(2026, 1, 2), "items": ["a", None]})
        {'on': '2026-01-02', 'items': ['a', None]}
    """
    match value:
        case datetime():
            return as_text(value)
        case date():
            return value.isoformat()
        case dict():
            return {key: json_value(each) for key, each in value.items()}
        case list() | tuple():
            return [json_value(each) for each in value]
        case _:
            return value
