"""The cancellation monitor: one thread that cancels statements whose caller has gone.

A Flight handler that waits for PostgreSQL gets no signal when its client cancels or disconnects; only the
context of the call knows, and only another thread can ask it. So one thread asks for all statements.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

POLL_SECONDS: Final = 0.1
"""Seconds between two polls of the callers."""

log = structlog.get_logger(__name__)


class Cancellable(Protocol):
    """A running statement that another thread can cancel."""

    def cancel(self) -> None:
        """Cancel the statement. This may return before the statement has ended."""


class CancellationMonitor:
    """Polls the callers of all running statements."""

    def __init__(self) -> None:
        """Start the thread."""
        # Cancelling may end the block that watches the statement, which needs the lock too.
        self._lock = threading.RLock()
        self._running: dict[int, tuple[Cancellable, Callable[[], bool]]] = {}
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._poll, name="vxdata-monitor", daemon=True)
        self._thread.start()

    @contextmanager
    def watching(self, statement: Cancellable, is_cancelled: Callable[[], bool]) -> Iterator[None]:
        """Watch a statement for the length of a block.

        Args:
            statement: The statement to cancel.
            is_cancelled: Returns whether the caller has gone.
        """
        key = id(statement)
        with self._lock:
            self._running[key] = (statement, is_cancelled)
        try:
            yield
        finally:
            # The lock also keeps a cancel from reaching the connection's next statement.
            with self._lock:
                self._running.pop(key, None)

    def cancel_all(self) -> int:
        """Cancel every running statement, again until its block ends, and return their number."""
        with self._lock:
            for key, (statement, _) in list(self._running.items()):
                self._running[key] = (statement, _is_given_up)
                _cancel_if(_is_given_up, statement)
            return len(self._running)

    def close(self) -> None:
        """End the thread."""
        self._closed.set()
        self._thread.join()

    def _poll(self) -> None:
        while not self._closed.wait(POLL_SECONDS):
            with self._lock:
                for statement, is_cancelled in list(self._running.values()):
                    # At every poll: a cancel between two statements has no effect.
                    _cancel_if(is_cancelled, statement)


def _is_given_up() -> bool:
    return True


def _cancel_if(is_cancelled: Callable[[], bool], statement: Cancellable) -> None:
    try:
        if is_cancelled():
            statement.cancel()
    except Exception as error:  # noqa: BLE001 - one caller or statement must not end the thread
        log.warning("cancel_failed", error=str(error))
