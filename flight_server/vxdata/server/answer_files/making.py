"""A file that is being made, those who wait for it, and the threads that make such files."""

from __future__ import annotations

import contextvars
import math
import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Final

from vxdata.schemas.errors import RequestCancelled
from vxdata.server.database.semaphore import FairSemaphore

if TYPE_CHECKING:
    from collections.abc import Callable

    from vxdata.server.answer_files.file import AnswerFile

WAKE_SECONDS: Final = 0.1
"""Seconds after which one who waits looks again whether its own caller has gone."""

PLACES: Final = 4
"""Files that are made at a time, at most; more wait for their turn."""

THREADS: Final = 64
"""Threads of those that are made and of those that wait, as many as there are calls that ask for files."""


class Making:
    """The making of one file, which ends early once nobody waits for it any more.

    Args:
        key: Key of the file.
        purge_epoch: Number of purges before it.

    Attributes:
        done: The finished file, or what has failed.
    """

    def __init__(self, key: str, purge_epoch: int) -> None:
        """Begin with one who waits."""
        self.key = key
        self.purge_epoch = purge_epoch
        self.done: Future[AnswerFile] = Future()
        self._waiting = 1
        self._callers: set[str] = set()
        self._has_begun = False
        self._lock = threading.Lock()

    def join(self) -> bool:
        """Wait for the file too; false if it is being given up, because nobody waited."""
        with self._lock:
            if not self._waiting:
                return False
            self._waiting += 1
            return True

    def needs_place(self, caller: str) -> bool:
        """Note a caller that waits: the first place of any of them begins the file.

        Args:
            caller: The caller.

        Returns:
            Whether it has to queue for a place; false if it has, or if the file has begun.
        """
        with self._lock:
            is_new = caller not in self._callers
            self._callers.add(caller)
            return is_new and not self._has_begun

    def begin(self) -> bool:
        """Begin to make the file; false if another place has begun it."""
        with self._lock:
            begins, self._has_begun = not self._has_begun, True
            return begins

    def is_abandoned(self) -> bool:
        """Return whether nobody waits; called from other threads."""
        return not self._waiting

    def needs_no_place(self) -> bool:
        """Return whether nobody waits, or the file has begun; called from other threads."""
        return self._has_begun or self.is_abandoned()

    def require_wanted(self) -> None:
        """Check that somebody waits.

        Raises:
            RequestCancelled: Nobody does.
        """
        if self.is_abandoned():
            msg = "The caller has gone."
            raise RequestCancelled(msg)

    def wait(self, is_cancelled: Callable[[], bool]) -> AnswerFile:
        """Wait until the file is finished.

        Args:
            is_cancelled: Returns whether the caller has gone.

        Returns:
            The file.

        Raises:
            RequestCancelled: The caller has gone.
            Exception: What the making has failed with.
        """
        try:
            while not self.done.done():
                wait([self.done], WAKE_SECONDS)
                if is_cancelled():
                    msg = "The caller has gone."
                    raise RequestCancelled(msg)
        finally:
            with self._lock:
                self._waiting -= 1
        return self.done.result()


class MakingThreads:
    """The threads that make files: no caller takes the last place, since to make one can take long."""

    def __init__(self) -> None:
        """Begin with every place free."""
        self._places = FairSemaphore(PLACES, keeps_room=True)
        self._threads = ThreadPoolExecutor(THREADS, "vxdata-answers")

    def submit(self, making: Making, caller: str, make: Callable[[], None]) -> None:
        """Have a file made.

        Args:
            making: Who waits for it.
            caller: The caller that its place counts for.
            make: Makes it, once there is a place for it or nobody waits any more; not called if another place
                has begun it.
        """
        context = contextvars.copy_context()  # so that the log names the request
        self._threads.submit(context.run, self._run, making, caller, make)

    def shutdown(self) -> None:
        """Wait until all have ended."""
        self._threads.shutdown()

    def _run(self, making: Making, caller: str, make: Callable[[], None]) -> None:
        with self._places.acquire(math.inf, caller, making.needs_no_place):
            if making.begin():
                make()
