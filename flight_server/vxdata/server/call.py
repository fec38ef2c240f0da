"""Calls: what every service is told of whoever asks, whichever listener took the request."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Principal:
    """Whoever makes a call.

    Args:
        name: As logs name it.
    """

    name: str


ANONYMOUS: Final = Principal("anonymous")
"""The principal of every call, until callers can say who they are."""


@dataclass(frozen=True)
class Call:
    """One call, from its request to the end of its response.

    Args:
        request_id: Name of the call in the log and in its errors.
        has_left: Tells whether the caller has gone; asked from another thread.
        principal: Whoever makes the call.
        deadline: When it must have ended, by the monotonic clock; infinite without a limit.
    """

    request_id: str
    has_left: Callable[[], bool] = field(repr=False)
    principal: Principal = ANONYMOUS
    deadline: float = math.inf

    @property
    def is_late(self) -> bool:
        """Whether the deadline has passed."""
        return time.monotonic() >= self.deadline

    def is_cancelled(self) -> bool:
        """Whether nobody waits for the response any more: the caller has gone, or the deadline has passed."""
        return self.is_late or self.has_left()
