"""Leases: what an upload holds on the server is taken back when its client falls silent.

A thread that waits for the next message of an upload cannot be interrupted: it goes on waiting for as
long as the client stays connected. So another thread measures the wait, and where it takes too long
rolls the transaction back and returns the connection. Only one of the two threads uses them at a time:
they change hands under a lock.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Generic, Self, TypeVar

import structlog

from vxdata.schemas.errors import IncompleteUpload

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from types import TracebackType

log = structlog.get_logger(__name__)
Held = TypeVar("Held")
Item = TypeVar("Item")


class IdleTimeout(Generic[Held]):
    """A block that ends early, in another thread, when what it waits for does not arrive.

    Args:
        context: What is held for the length of the block; `held` is what it gives.
        idle: Seconds that a wait may take.
    """

    held: Held

    def __init__(self, context: AbstractContextManager[Held], idle: float) -> None:
        """Hold nothing yet."""
        self._context = context
        self._idle = idle
        self._stack = ExitStack()
        self._lock = threading.Lock()
        self._wait: object | None = None
        self._is_over = False

    def __enter__(self) -> Self:
        """Take hold."""
        self.held = self._stack.enter_context(self._context)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Let go, unless that has been done."""
        self._stack.__exit__(kind, error, traceback)

    def limited(self, arriving: Iterator[Item]) -> Iterator[Item]:
        """Pass on what arrives, each within its time.

        Args:
            arriving: What blocks until the next item is there.

        Yields:
            The items. While one is waited for, nobody may use what is held.

        Raises:
            IncompleteUpload: One was too long in coming; nothing is held any more.
        """
        while True:
            with self._timed():
                item = next(arriving, None)
            if item is None:
                return
            yield item

    @contextmanager
    def _timed(self) -> Iterator[None]:
        """Measure a wait; a timer that comes too late finds that its wait is over."""
        self._wait = wait = object()
        timer = threading.Timer(self._idle, self._end, [wait])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            with self._lock:
                self._wait = None
        if self._is_over:
            raise self._refusal()

    def _end(self, wait: object) -> None:
        with self._lock:
            if self._wait is not wait:
                return
            self._is_over = True
            refusal = self._refusal()
            self._stack.__exit__(type(refusal), refusal, None)
        log.warning("silent_upload_given_up", idle_seconds=self._idle)

    def _refusal(self) -> IncompleteUpload:
        return IncompleteUpload(
            f"The upload was silent for {self._idle:g} seconds; nothing was written.",
            idle_seconds=self._idle,
        )
