"""Admission: how many calls may be in progress at a time, in all and for each caller.

gRPC gives every call a thread and refuses none, so a caller that leaves calls open would take them all. Those
who are not known have a few places of their own, and take none of the others. The guards are asked as well,
each of which may have another reason to refuse a call.
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
    """A function that may refuse a call that begins, given the door that it comes through."""

STRANGERS: Final = 32
"""Calls in progress of callers who are not known, at most, beside those of callers who are. It is half of the
threads that answer the calls of an application over HTTP, so the others are left to callers who are known."""

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
