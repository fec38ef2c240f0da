"""FairSemaphore: a semaphore that divides its places fairly among callers."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(eq=False)
class _Waiter:
    caller: str
    admitted: threading.Event = field(default_factory=threading.Event)


class FairSemaphore:
    """Admits so many threads at a time.

    A place that becomes free goes to the waiting caller that holds the fewest places; among equals, to the
    one that was served the longest ago; and among the threads of one caller, to the one that has waited
    longest. So a caller with many calls delays another one by one call at most. `threading.Semaphore` lets a
    newcomer overtake a waiter that was woken but has not run yet.

    Args:
        size: Most threads that are admitted at a time.
    """

    def __init__(self, size: int) -> None:
        """Begin with every place free."""
        self._lock = threading.Lock()
        self._free = size
        self._held: Counter[str] = Counter()
        self._turns: dict[str, int] = {}
        """The last turn of each caller that holds a place or waits for one."""
        self._turn = count(1)
        self._waiting: list[_Waiter] = []

    @property
    def has_waiters(self) -> bool:
        """Whether a thread waits for a place."""
        return bool(self._waiting)

    @contextmanager
    def acquire(self, wait: float, caller: str = "") -> Iterator[bool]:
        """Take a place for the length of a block.

        Args:
            wait: Seconds to wait for one.
            caller: The caller that the place counts for.

        Yields:
            Whether there was one in time.
        """
        waiter = _Waiter(caller)
        try:
            self._queue(waiter)
            yield waiter.admitted.wait(wait) or self._leave(waiter)
        finally:
            # Also where the wait was interrupted: the place may have been handed over in the meantime.
            if self._leave(waiter):
                self._pass_on(caller)

    def _queue(self, waiter: _Waiter) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                self._admit(waiter)
            else:
                self._waiting.append(waiter)

    def _leave(self, waiter: _Waiter) -> bool:
        """Stop waiting; true where the place was handed over after all."""
        with self._lock:
            if not waiter.admitted.is_set() and waiter in self._waiting:
                self._waiting.remove(waiter)
            return waiter.admitted.is_set()

    def _pass_on(self, caller: str) -> None:
        with self._lock:
            self._held[caller] -= 1
            if not self._waiting:
                self._free += 1
            else:
                following = min(self._waiting, key=self._rank)
                self._waiting.remove(following)
                self._admit(following)
            if not self._held[caller] and all(waiter.caller != caller for waiter in self._waiting):
                del self._held[caller], self._turns[caller]

    def _rank(self, waiter: _Waiter) -> tuple[int, int]:
        return self._held[waiter.caller], self._turns.get(waiter.caller, 0)

    def _admit(self, waiter: _Waiter) -> None:
        self._held[waiter.caller] += 1
        self._turns[waiter.caller] = next(self._turn)
        waiter.admitted.set()
