"""The cancellation monitor: cancels statements whose caller has gone.

A Flight handler that waits for PostgreSQL gets no signal when its client cancels or disconnects; only the
context of the call knows, and only another thread can ask it. So one thread asks for all statements. Other
threads cancel, since a cancel opens a connection to PostgreSQL and may take long: it holds up the end of its
own statement, and nothing else.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

POLL_SECONDS: Final = 0.1
"""Seconds between two polls of the callers."""

CANCEL_THREADS: Final = 8
"""Statements that are cancelled at a time, at most."""

CANCEL_ALL_SECONDS: Final = 1.0
"""Seconds that `cancel_all` waits for its cancels; those that take longer go on."""

log = structlog.get_logger(__name__)


class Cancellable(Protocol):
    """A running statement that another thread can cancel."""

    def cancel(self) -> None:
        """Cancel the statement. This may return before the statement has ended."""


class CancellationMonitor:
    """Polls the callers of all running statements."""

    def __init__(self) -> None:
        """Start the threads."""
        self._lock = threading.Lock()
        self._running: set[_Watch] = set()
        self._closed = threading.Event()
        self._cancels = ThreadPoolExecutor(CANCEL_THREADS, "vxdata-cancel")
        self._thread = threading.Thread(target=self._poll, name="vxdata-monitor", daemon=True)
        self._thread.start()

    @contextmanager
    def watching(self, statement: Cancellable, is_cancelled: Callable[[], bool]) -> Iterator[None]:
        """Watch a statement for the length of a block.

        Args:
            statement: The statement to cancel.
            is_cancelled: Returns whether the caller has gone.
        """
        watch = _Watch(statement, is_cancelled)
        with self._lock:
            self._running.add(watch)
        try:
            yield
        finally:
            with self._lock:
                self._running.discard(watch)
            watch.end()

    def cancel_all(self) -> int:
        """Cancel every running statement, again until its block ends, and return their number."""
        running = self._watches()
        for watch in running:
            watch.is_cancelled = _is_given_up
        wait([self._cancel(watch) for watch in running], CANCEL_ALL_SECONDS)
        return len(running)

    def close(self) -> None:
        """End the threads."""
        self._closed.set()
        self._thread.join()
        self._cancels.shutdown()

    def _poll(self) -> None:
        while not self._closed.wait(POLL_SECONDS):
            for watch in self._watches():
                # At every poll: a cancel between two statements has no effect.
                if not watch.is_being_cancelled and watch.wants_cancel():
                    watch.is_being_cancelled = True
                    self._cancel(watch)

    def _watches(self) -> list[_Watch]:
        with self._lock:
            return list(self._running)

    def _cancel(self, watch: _Watch) -> Future[None]:
        return self._cancels.submit(watch.cancel)


class _Watch:
    """One watched statement.

    Args:
        statement: The statement to cancel.
        is_cancelled: Returns whether the caller has gone.
    """

    def __init__(self, statement: Cancellable, is_cancelled: Callable[[], bool]) -> None:
        """Begin to watch."""
        self.is_cancelled = is_cancelled
        self.is_being_cancelled = False
        self._statement = statement
        self._has_ended = False
        # A cancel may end the watched block in its own thread, which needs the lock too.
        self._lock = threading.RLock()

    def wants_cancel(self) -> bool:
        """Return whether the caller has gone; false if that cannot be told, or the block has ended.

        Never asks after the block has ended: what is asked, such as the context of a Flight call, may be
        gone by then, and would take the process with it.
        """
        if not self._lock.acquire(blocking=False):  # it is being cancelled, or ends just now
            return False
        try:
            return not self._has_ended and self.is_cancelled()
        except Exception as error:  # noqa: BLE001 - one caller must not end the thread
            log.warning("cancel_failed", error=str(error))
            return False
        finally:
            self._lock.release()

    def cancel(self) -> None:
        """Cancel the statement, unless its block has ended."""
        try:
            with self._lock:
                if not self._has_ended:
                    self._statement.cancel()
        except Exception as error:  # noqa: BLE001 - a cancel that fails is tried again at the next poll
            log.warning("cancel_failed", error=str(error))
        finally:
            self.is_being_cancelled = False

    def end(self) -> None:
        """End the watch. A question or a cancel in progress ends first: neither may come later."""
        with self._lock:
            self._has_ended = True


def _is_given_up() -> bool:
    return True
