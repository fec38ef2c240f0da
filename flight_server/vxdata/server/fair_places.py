"""FairPlaces: places that are divided fairly among callers, whatever those who wait for one wait by."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from itertools import count
from typing import Protocol


class Signal(Protocol):
    """What a waiter waits for: an event of threads, or one of an event loop."""

    def set(self) -> object:
        """Tell the waiter that it is admitted."""

    def is_set(self) -> bool:
        """Whether it has been told."""


@dataclass(frozen=True, eq=False)
class Waiter:
    """Whoever wants a place.

    Args:
        caller: The caller that the place counts for; empty for the server itself, which may have all of them.
        admitted: Is set once it has the place.
    """

    caller: str
    admitted: Signal


class FairPlaces:
    """So many places, and those who wait for one.

    A place that becomes free goes to the waiting caller that holds the fewest places; among equals, to the
    one that was served the longest ago; and among the waiters of one caller, to the one that has waited
    longest. So a caller with many calls delays another one by one call at most.

    Args:
        size: How many places there are.
        keeps_room: Whether a caller that holds as many places as are free waits, so that one is left for the
            next caller: for places that can be held for so long that nobody can wait for them.
    """

    def __init__(self, size: int, *, keeps_room: bool = False) -> None:
        """Begin with every place free."""
        self._lock = threading.Lock()
        self._free = size
        self._keeps_room = keeps_room
        self._held: Counter[str] = Counter()
        self._turns: dict[str, int] = {}
        """The last turn of each caller that holds a place or waits for one."""
        self._turn = count(1)
        self._waiting: list[Waiter] = []

    @property
    def free(self) -> int:
        """How many places nobody has."""
        return self._free

    @property
    def waiters(self) -> int:
        """How many wait for a place."""
        return len(self._waiting)

    def queue(self, waiter: Waiter) -> None:
        """Admit a waiter, at once or when it is its turn."""
        with self._lock:
            if self._may_enter(waiter):
                self._admit(waiter)
            else:
                self._waiting.append(waiter)

    def leave(self, waiter: Waiter) -> bool:
        """Have a waiter wait no longer.

        Args:
            waiter: The waiter.

        Returns:
            Whether it has a place after all, which `pass_on` gives back.
        """
        with self._lock:
            if not waiter.admitted.is_set() and waiter in self._waiting:
                self._waiting.remove(waiter)
                self._forget(waiter.caller)
            return waiter.admitted.is_set()

    def pass_on(self, caller: str) -> None:
        """Give a place of a caller back, and admit whose turn it is."""
        with self._lock:
            self._held[caller] -= 1
            self._free += 1
            while ready := [*filter(self._may_enter, self._waiting)]:
                following = min(ready, key=self._rank)
                self._waiting.remove(following)
                self._admit(following)
            self._forget(caller)

    def _forget(self, caller: str) -> None:
        """Keep nothing of a caller that neither holds a place nor waits for one."""
        if not self._held[caller] and all(waiter.caller != caller for waiter in self._waiting):
            self._held.pop(caller, None)
            self._turns.pop(caller, None)

    def _may_enter(self, waiter: Waiter) -> bool:
        keeps_room = self._keeps_room and waiter.caller
        return self._free > (self._held[waiter.caller] if keeps_room else 0)

    def _rank(self, waiter: Waiter) -> tuple[int, int]:
        return self._held[waiter.caller], self._turns.get(waiter.caller, 0)

    def _admit(self, waiter: Waiter) -> None:
        self._free -= 1
        self._held[waiter.caller] += 1
        self._turns[waiter.caller] = next(self._turn)
        waiter.admitted.set()
