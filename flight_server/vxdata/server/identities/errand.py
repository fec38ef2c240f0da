"""Errands: work in the background that runs once at a time, however many callers ask for it.

A caller that needs the outcome waits for the running errand, up to a limit; the others go on at once.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

log = structlog.get_logger(__name__)


class Errand:
    """Work that is done again and again, in a thread of its own, and never twice at a time.

    Args:
        name: Name of its threads, and in the log.
        do: The work.
        wait: Seconds from its start for which callers wait; the work itself may go on longer.
    """

    def __init__(self, name: str, do: Callable[[], None], wait: float) -> None:
        """Prepare; `begin` starts the work."""
        self._name = name
        self._do = do
        self._wait = wait
        self._lock = threading.Lock()
        self._begun = 0.0
        self._outcome: Future[None] = Future()
        self._outcome.set_result(None)

    @property
    def is_under_way(self) -> bool:
        """Whether the work is running."""
        with self._lock:
            return not self._outcome.done()

    def begin(self) -> None:
        """Start the work, unless it is running already."""
        with self._lock:
            if not self._outcome.done():
                return
            outcome: Future[None] = Future()
            thread = threading.Thread(target=self._run, args=[outcome], name=self._name, daemon=True)
            thread.start()  # before it counts as running, since a thread may fail to start
            self._begun, self._outcome = time.monotonic(), outcome

    def join(self) -> None:
        """Wait for the running work to end; return at once if none is running.

        Raises:
            TimeoutError: It did not end within `wait` seconds of its start.
            Exception: Whatever the work raised, the last time that it ran.
        """
        with self._lock:
            outcome, until = self._outcome, self._begun + self._wait
        outcome.result(max(until - time.monotonic(), 0.0))

    def _run(self, outcome: Future[None]) -> None:
        try:
            self._do()
        except BaseException as error:  # noqa: BLE001 - told in the log, and to all who wait
            log.warning("errand_failed", errand=self._name, reason=str(error))
            outcome.set_exception(error)
        else:
            outcome.set_result(None)
