"""Upload timeouts: an upload whose client falls silent, or takes too long, gives up what it holds.

A thread that waits for the next message of an upload cannot be interrupted: it waits for as long as the
client stays connected. So the cancellation monitor measures each wait. If one takes too long, it releases
what the upload holds, and the waiting thread fails as soon as it goes on.
"""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING, TypeVar

import structlog

from vxdata.schemas.errors import IncompleteUpload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

log = structlog.get_logger(__name__)
Item = TypeVar("Item")


class UploadTimeout:
    """The limits of one upload; the monitor can cancel it like a statement.

    Args:
        release: Releases what the upload holds; called at most once, by another thread.
        idle: Seconds that each wait may take.
        total: Seconds from the first wait to the end of the last one.
    """

    def __init__(self, release: Callable[[], None], idle: float, total: float) -> None:
        """Begin outside a wait."""
        self._release = release
        self._idle = idle
        self._total = total
        self._end = time.monotonic() + total
        self._lock = threading.Lock()
        self._waiting_since = math.inf
        self._refusal: IncompleteUpload | None = None

    def limited(self, arriving: Iterator[Item]) -> Iterator[Item]:
        """Yield the items of an upload, and limit the wait for each.

        Args:
            arriving: The items; `next` blocks until one has arrived.

        Yields:
            The items.

        Raises:
            IncompleteUpload: An item was too late; what the upload held has been released.
        """
        while True:
            with self._lock:
                self._waiting_since = time.monotonic()
            try:
                item = next(arriving, None)
            finally:
                # The lock: a release in progress ends first, and none begins after the wait.
                with self._lock:
                    self._waiting_since = math.inf
            if self._refusal is not None:
                raise self._refusal
            if item is None:
                return
            yield item

    def is_late(self) -> bool:
        """Return whether the present wait has taken too long; never true between two waits."""
        now = time.monotonic()
        return now - self._waiting_since > self._idle or (self._waiting_since < math.inf and now > self._end)

    def cancel(self) -> None:
        """Release what the upload holds, if it still waits."""
        with self._lock:
            if self._refusal is None and self.is_late():
                self._refusal = self._reason()
                self._release()
                log.warning("upload_given_up", reason=self._refusal.message)

    def _reason(self) -> IncompleteUpload:
        if time.monotonic() - self._waiting_since > self._idle:
            what, details = f"was silent for {self._idle:g} seconds", {"idle_seconds": self._idle}
        else:
            what, details = f"took more than {self._total:g} seconds", {"limit_seconds": self._total}
        return IncompleteUpload(f"The upload {what}; nothing was written.", **details)
