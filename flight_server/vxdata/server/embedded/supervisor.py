"""Supervision: a child that ends by itself is started again, until it fails again and again."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from vxdata.server.embedded.errors import EmbeddedStackError, RestartsFailed, StartCancelled

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from vxdata.server.embedded.child import Child
    from vxdata.server.embedded.owner import LockFile
    from vxdata.server.embedded.waiting import Progress

POLL_SECONDS: Final = 0.2
"""How often a child is looked at."""

FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 15.0
"""Seconds before a child is started again; each pause is twice the one before it."""

MAX_FAILURES: Final = 10
"""Failures in a row after which a child is given up: about a minute of pauses."""

STABLE_SECONDS: Final = 5.0
"""A child that was ready for so long has recovered: its next failure is the first of a row."""

log = structlog.get_logger(__name__)


class Part(Protocol):
    """One of the servers of a stack."""

    child: Child | None

    def check(self) -> None:
        """Make sure that it need not be started again.

        Raises:
            EmbeddedStackError: It has ended, or runs in a state that only a new start ends.
        """

    def restart(self, lock: int) -> None:
        """Start the process again, on the same address and with the same credentials; do not wait for it."""

    def wait_ready(self, progress: Progress) -> None:
        """Wait until it can be used."""


class Backoff:
    """Pauses between attempts, which grow with the failures in a row."""

    def __init__(self) -> None:
        """Begin without a failure."""
        self.failures = 0
        self._first = 0.0
        self._ready_since: float | None = 0.0

    def note_ready(self, now: float) -> None:
        """Take notice of a child that can be used.

        Args:
            now: Time of the monotonic clock, in seconds.
        """
        self._ready_since = now

    def note_failure(self, now: float) -> float:
        """Take notice of a child that has ended, or did not come up.

        Args:
            now: Time of the monotonic clock, in seconds.

        Returns:
            Seconds to wait before the next attempt.
        """
        if self._ready_since is not None and now - self._ready_since >= STABLE_SECONDS:
            self.failures = 0
        self._ready_since = None
        if self.failures == 0:
            self._first = now
        self.failures += 1
        return float(min(FIRST_PAUSE * 2 ** (self.failures - 1), LONGEST_PAUSE))

    def seconds(self, now: float) -> float:
        """Seconds since the first failure of the row."""
        return now - self._first


class Supervisor:
    """Watches one server of a stack from a thread of its own.

    Args:
        title: Name of the server for people.
        part: The server, which is ready.
        lease: Locks its part of the data directory, once no process of the ended server uses it any more.
        stopping: Set when the stack is to stop.
        is_excused: Whether a failure is that of the machine, such as a full disk, and counts for nothing.
    """

    def __init__(
        self,
        title: str,
        part: Part,
        lease: Callable[[], AbstractContextManager[LockFile]],
        stopping: threading.Event,
        is_excused: Callable[[], bool],
    ) -> None:
        """Prepare; `start` begins."""
        self._title = title
        self._part = part
        self._lease = lease
        self._stopping = stopping
        self._is_excused = is_excused
        self._backoff = Backoff()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=f"vxdata-watch-{title}", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def check(self) -> None:
        """Do nothing while the server runs or is being started again.

        Raises:
            RestartsFailed: It was given up.
        """
        if self._failure is not None:
            raise self._failure

    def join(self) -> None:
        """Wait until the thread has ended, after `stopping` was set; harmless if it was never started."""
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stopping.wait(POLL_SECONDS):
                problem = self._problem()
                if problem is not None:
                    self._recover(problem)
        except StartCancelled:
            return
        except BaseException as failure:  # noqa: BLE001 - `check` raises it, in the thread that asks
            self._failure = failure

    def _problem(self) -> EmbeddedStackError | None:
        try:
            self._part.check()
        except EmbeddedStackError as problem:
            return problem
        return None

    def _recover(self, problem: EmbeddedStackError | OSError) -> None:
        """Start the server again, as often as it takes.

        Raises:
            StartCancelled: The stack is to stop.
            RestartsFailed: It failed too often.
        """
        failed: EmbeddedStackError | OSError | None = problem
        while failed is not None:
            self._pause(failed)
            failed = self._attempt()
        self._backoff.note_ready(time.monotonic())
        log.warning("child_runs_again", child=self._title, failures=self._backoff.failures)

    def _pause(self, problem: EmbeddedStackError | OSError) -> None:
        now = time.monotonic()
        pause = self._backoff.note_failure(now)
        failures = self._backoff.failures
        log.error("child_failed", child=self._title, failures=failures, again_in=pause, reason=str(problem))
        if failures >= MAX_FAILURES and not self._is_excused():
            raise RestartsFailed(self._title, failures, self._backoff.seconds(now), str(problem)) from problem
        if self._stopping.wait(pause):
            raise StartCancelled(self._title)

    def _attempt(self) -> EmbeddedStackError | OSError | None:
        """Try once; return what was wrong, or None."""
        try:
            if self._part.child is not None:
                self._part.child.stop()  # it may run, and not be ready
            with self._lease() as lock:
                self._part.restart(lock.fd)
                if self._part.child is not None:
                    lock.note(self._part.child.pid)
            self._part.wait_ready(self._tell)
        except StartCancelled:
            raise
        except (EmbeddedStackError, OSError) as problem:
            return problem
        return None

    def _tell(self, sentence: str) -> None:
        log.info("child_starts", child=self._title, state=sentence)
