"""Errands: what several callers need at a time is done once, in a thread of its own.

So nobody who can do without the outcome waits for it, and who has to wait need not wait for ever.
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
    """Something that is done again and again, once at a time.

    Args:
        name: Name of its threads.
        do: Does it.
        wait: Seconds after which nobody waits for it any longer; it may go on.
    """

    def __init__(self, name: str, do: Callable[[], None], wait: float) -> None:
        """Do nothing yet."""
        self._name = name
        self._do = do
        self._wait = wait
        self._lock = threading.Lock()
        self._begun = 0.0
        self._outcome: Future[None] = Future()
        self._outcome.set_result(None)

    @property
    def is_under_way(self) -> bool:
        """Whether it is being done; what another caller is beginning just now counts."""
        with self._lock:
            return not self._outcome.done()

    def begin(self) -> None:
        """Have it done; if it is under way, nothing changes."""
        with self._lock:
            if not self._outcome.done():
                return
            outcome: Future[None] = Future()
            thread = threading.Thread(target=self._run, args=[outcome], name=self._name, daemon=True)
            thread.start()  # first: an errand whose thread cannot start is not under way
            self._begun, self._outcome = time.monotonic(), outcome

    def join(self) -> None:
        """Wait until what is under way is done.

        Raises:
            TimeoutError: It takes too long.
            Exception: It has failed with this.
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
