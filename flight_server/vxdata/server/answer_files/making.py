"""A file that is being made, and those who wait for it."""

from __future__ import annotations

import threading
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, Final

from vxdata.schemas.errors import RequestCancelled

if TYPE_CHECKING:
    from collections.abc import Callable

    from vxdata.server.answer_files.file import AnswerFile

WAKE_SECONDS: Final = 0.1
"""Seconds after which one who waits looks again whether its own caller has gone."""


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
        self._lock = threading.Lock()

    def join(self) -> bool:
        """Wait for the file too; false if it is being given up, because nobody waited."""
        with self._lock:
            if not self._waiting:
                return False
            self._waiting += 1
            return True

    def is_abandoned(self) -> bool:
        """Return whether nobody waits; called from other threads."""
        return not self._waiting

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
