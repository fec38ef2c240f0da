"""Calls: the context of a request that every service receives, from every listener."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Principal:
    """The identity of a caller.

    Args:
        name: Name in the logs.
    """

    name: str


ANONYMOUS: Final = Principal("anonymous")
"""The principal of every call, as callers are not authenticated yet."""


@dataclass(frozen=True)
class Call:
    """One call, from its request to the end of its response.

    Args:
        request_id: Identifier of the call in the log and in its errors.
        has_left: Returns whether the caller has gone; called from another thread.
        principal: The caller.
        peer: Network address of the caller, with its port after the last colon; empty if unknown.
        deadline: Time by which the call must have ended, in seconds of the monotonic clock; infinite without
            a limit.
    """

    request_id: str
    has_left: Callable[[], bool] = field(repr=False)
    principal: Principal = ANONYMOUS
    peer: str = ""
    deadline: float = math.inf

    @property
    def caller(self) -> str:
        """The name under which calls share places: the principal, or the address of an anonymous caller."""
        return self.peer.rpartition(":")[0] if self.principal == ANONYMOUS else self.principal.name

    @property
    def is_late(self) -> bool:
        """Whether the deadline has passed."""
        return time.monotonic() >= self.deadline

    def is_cancelled(self) -> bool:
        """Return whether the response is not wanted any more: the caller has gone, or is out of time."""
        return self.is_late or self.has_left()
