"""FairSemaphore: a semaphore that divides its places fairly among callers."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from vxdata.server.fair_places import FairPlaces, Waiter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WAKE_SECONDS: Final = 0.1
"""Seconds after which one who waits asks again whether the place is still wanted."""


class FairSemaphore:
    """Admits so many threads at a time, in the order of `FairPlaces`.

    `threading.Semaphore` lets a newcomer overtake a waiter that was woken but has not run yet.

    Args:
        size: Most threads that are admitted at a time.
        keeps_room: Whether no caller takes the last places while others may come.
    """

    def __init__(self, size: int, *, keeps_room: bool = False) -> None:
        """Begin with every place free."""
        self._places = FairPlaces(size, keeps_room=keeps_room)

    @property
    def free(self) -> int:
        """How many places nobody has."""
        return self._places.free

    @property
    def waiters(self) -> int:
        """How many threads wait for a place."""
        return self._places.waiters

    @contextmanager
    def acquire(
        self, wait: float, caller: str = "", gives_up: Callable[[], bool] | None = None
    ) -> Iterator[bool]:
        """Take a place for the length of a block.

        Args:
            wait: Seconds to wait for one.
            caller: The caller that the place counts for.
            gives_up: Returns whether the place is wanted no longer.

        Yields:
            Whether there was one in time.
        """
        waiter = Waiter(caller, admitted := threading.Event())
        try:
            self._places.queue(waiter)
            yield _waited(admitted, wait, gives_up) or self._places.leave(waiter)
        finally:
            # Also where the wait was interrupted: the place may have been handed over in the meantime.
            if self._places.leave(waiter):
                self._places.pass_on(caller)


def _waited(admitted: threading.Event, wait: float, gives_up: Callable[[], bool] | None) -> bool:
    """Wait until a thread is admitted, for so many seconds at most, and for as long as it wants to be."""
    if gives_up is None:
        return admitted.wait(wait)
    until = time.monotonic() + wait
    while not (is_admitted := admitted.wait(min(WAKE_SECONDS, max(until - time.monotonic(), 0)))):
        if gives_up() or time.monotonic() >= until:
            break
    return is_admitted
