"""Idle timeouts: an upload whose client falls silent loses its transaction and its connection.

A thread that waits for the next message of an upload cannot be interrupted: it waits for as long as the
client stays connected. So a timer measures each wait. If one takes too long, the thread of the timer rolls
the transaction back and returns the connection. A lock ensures that only one of the two threads uses them
at a time.
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
    """A context that another thread ends early if the next item of an upload is too late.

    Args:
        context: The context to hold; `held` is its value.
        idle: Seconds that each wait may take.
    """

    held: Held

    def __init__(self, context: AbstractContextManager[Held], idle: float) -> None:
        """Begin outside the context."""
        self._context = context
        self._idle = idle
        self._stack = ExitStack()
        self._lock = threading.Lock()
        self._wait: object | None = None
        self._is_over = False

    def __enter__(self) -> Self:
        """Enter the context."""
        self.held = self._stack.enter_context(self._context)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leave the context, unless the timer has."""
        self._stack.__exit__(kind, error, traceback)

    def limited(self, arriving: Iterator[Item]) -> Iterator[Item]:
        """Yield the items of an upload, and limit the wait for each.

        Args:
            arriving: The items; `next` blocks until one has arrived.

        Yields:
            The items. Between two items the caller may use `held`; while `next` waits, it must not.

        Raises:
            IncompleteUpload: An item was too late; the context has been left.
        """
        while True:
            with self._timed():
                item = next(arriving, None)
            if item is None:
                return
            yield item

    @contextmanager
    def _timed(self) -> Iterator[None]:
        """Limit a wait; a timer that fires after the wait does nothing."""
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
