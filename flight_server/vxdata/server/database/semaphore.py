"""FairSemaphore: a semaphore that is first come, first served."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class FairSemaphore:
    """Admits so many threads at a time; the others wait in the order in which they came.

    `threading.Semaphore` lets a newcomer overtake a waiter that was woken but has not run yet.

    Args:
        size: Most threads that are admitted at a time.
    """

    def __init__(self, size: int) -> None:
        """Begin with every place free."""
        self._lock = threading.Lock()
        self._free = size
        self._waiting: deque[threading.Event] = deque()

    @contextmanager
    def acquire(self, wait: float) -> Iterator[bool]:
        """Take a place for the length of a block.

        Args:
            wait: Seconds to wait for one.

        Yields:
            Whether there was one in time.
        """
        admitted = threading.Event()
        try:
            self._queue(admitted)
            yield admitted.wait(wait) or self._leave(admitted)
        finally:
            # Also where the wait was interrupted: the place may have been handed over in the meantime.
            if self._leave(admitted):
                self._pass_on()

    def _queue(self, admitted: threading.Event) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                admitted.set()
            else:
                self._waiting.append(admitted)

    def _leave(self, admitted: threading.Event) -> bool:
        """Stop waiting; true where the place was handed over after all."""
        with self._lock:
            if not admitted.is_set() and admitted in self._waiting:
                self._waiting.remove(admitted)
            return admitted.is_set()

    def _pass_on(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1
