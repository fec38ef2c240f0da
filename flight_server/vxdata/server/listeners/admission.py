"""Admission: limits on the calls in progress, over all callers and for each of them.

gRPC gives every call a thread and refuses none, so a caller that leaves its calls open would use up all
threads. Callers who have not said who they are share a few places, and cannot take those of the others.
Guards are asked too: each may have a reason of its own to refuse a call.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, Final

from vxdata.schemas.errors import ServerBusy
from vxdata.server.call import NOBODY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vxdata.server.call import Call

    Guard = Callable[[str, Call], None]
    """A function that may refuse a new call, given the name of its door."""

STRANGERS: Final = 32
"""Most calls in progress of unknown callers, on top of those of known ones. It is half of the threads that
answer the calls of an HTTP application, so the other half is left to known callers."""

STRANGERS_EACH: Final = 8
"""Calls in progress of callers who are not known from one address, at most, so that no single address keeps
all others from signing in."""


class Admission:
    """Counts the calls of a listener that are in progress.

    Args:
        limit: Calls in progress of callers who are known, at most.
        limit_each: Calls in progress of one caller, at most.
        guards: Asked, in order, about every call for which there is room.
    """

    def __init__(self, limit: int, limit_each: int, guards: Sequence[Guard] = ()) -> None:
        """Begin without calls."""
        self._guards = tuple(guards)
        self._limit = limit
        self._limit_each = limit_each
        self._lock = threading.Lock()
        self._calls: dict[str, Call] = {}
        self._by_caller: Counter[str] = Counter()
        self._strangers = 0

    @property
    def in_progress(self) -> int:
        """The number of calls in progress."""
        return len(self._calls)

    @property
    def peers(self) -> frozenset[str]:
        """The network addresses, with their ports, that calls in progress come from."""
        with self._lock:
            return frozenset(call.peer for call in self._calls.values())

    def enter(self, call: Call, door: str = "") -> None:
        """Admit a call, until it leaves.

        Args:
            call: The call.
            door: Name of the operation in the list of doors.

        Raises:
            ServerBusy: As many calls as may be are in progress.
            VxDataError: A guard refuses it; it has to leave nevertheless.
        """
        self._reserve(call)
        for guard in self._guards:
            guard(door, call)

    def _reserve(self, call: Call) -> None:
        with self._lock:
            is_stranger = call.principal == NOBODY
            if is_stranger and self._strangers >= STRANGERS:
                msg = f"{STRANGERS} calls of callers who are not known are in progress, as many as may be."
                raise ServerBusy(msg, limit=STRANGERS)
            if not is_stranger and len(self._calls) - self._strangers >= self._limit:
                msg = f"{self._limit:,} calls are in progress, as many as may be; try again later."
                raise ServerBusy(msg, limit=self._limit, setting="VXDATA_MAX_CALLS")
            if is_stranger and self._by_caller[call.caller] >= STRANGERS_EACH:
                msg = (
                    f"{STRANGERS_EACH} calls of callers who are not known are in progress from this address."
                )
                raise ServerBusy(msg, limit=STRANGERS_EACH)
            if self._by_caller[call.caller] >= self._limit_each:
                msg = f"{self._limit_each:,} calls of this caller are in progress, as many as one may have."
                raise ServerBusy(msg, limit=self._limit_each, setting="VXDATA_MAX_CALLS_EACH")
            self._calls[call.request_id] = call
            self._by_caller[call.caller] += 1
            self._strangers += is_stranger

    def leave(self, call: Call) -> None:
        """Count a call out; one that was not admitted changes nothing."""
        with self._lock:
            if self._calls.pop(call.request_id, None) is not None:
                self._strangers -= call.principal == NOBODY
                self._by_caller[call.caller] -= 1
                if not self._by_caller[call.caller]:
                    del self._by_caller[call.caller]
