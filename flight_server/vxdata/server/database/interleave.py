"""One iterator over the items of several threads, with a bounded number of them in memory."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

Item = TypeVar("Item")

Source = Callable[[], Iterator[Item]]
"""A function that yields items; it runs in a thread of its own."""

CANCEL_SECONDS: Final = 0.1
"""Seconds between cancels of sources that go on: a cancel between two statements has no effect."""


class Interleaved(Iterator[Item], Generic[Item]):
    """The items of several sources, in the order in which they arrive.

    Args:
        sources: Run in one thread each. An exception of one is raised to the reader and ends them all.
        cancel: Ends sources that are waiting; called again until all have ended.
    """

    def __init__(self, sources: Sequence[Source[Item]], cancel: Callable[[], None]) -> None:
        """Start the threads."""
        self._changed = threading.Condition()
        self._ready: deque[Item] = deque()
        self._most_ready = len(sources)
        self._unfinished = len(sources)
        self._failure: Exception | None = None
        self._is_closed = False
        self._cancel = cancel
        self._threads = ThreadPoolExecutor(len(sources), "vxdata-part")
        self._runs: list[Future[None]] = [self._threads.submit(self._run, source) for source in sources]

    def __next__(self) -> Item:
        """Wait for the next item."""
        with self._changed:
            self._changed.wait_for(lambda: self._ready or not self._unfinished or self._failure)
            if self._failure is not None:
                raise self._failure
            if not self._ready:
                raise StopIteration
            item = self._ready.popleft()
            self._changed.notify_all()
            return item

    def close(self) -> None:
        """End all sources, and wait until they have ended."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        while wait(self._runs, 0 if self._unfinished else None).not_done:
            self._cancel()
            wait(self._runs, CANCEL_SECONDS)
        self._threads.shutdown()

    def _run(self, source: Source[Item]) -> None:
        failure = None
        try:
            for item in source():
                if not self._put(item):
                    break
        except Exception as error:  # noqa: BLE001 - raised again in the thread that takes the items
            failure = error
        with self._changed:
            self._failure = self._failure or failure
            self._unfinished -= 1
            self._changed.notify_all()

    def _put(self, item: Item) -> bool:
        """Queue an item as soon as there is room; return false once the reader has stopped."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._ready) < self._most_ready or self._is_over())
            if not self._is_over():
                self._ready.append(item)
                self._changed.notify_all()
            return not self._is_over()

    def _is_over(self) -> bool:
        return self._is_closed or self._failure is not None
