"""Stalls: answers that nobody takes must not keep a connection from others for ever."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from vxdata.schemas.errors import RequestTimedOut

if TYPE_CHECKING:
    from collections.abc import Generator

    import pyarrow as pa

    from vxdata.server.watch import Cancellable


class Taken:
    """The batches of an answer, given up if the next one is not asked for in time.

    Flight asks for a batch when the client has room for it, so a client that stops reading leaves the
    query waiting, with a connection and a transaction. The watch ends such a query by `cancel`.

    Args:
        limit: Seconds that a batch may wait to be asked for.
    """

    def __init__(self, limit: float) -> None:
        """Wait for the batches."""
        self._limit = limit
        nothing: tuple[pa.RecordBatch, ...] = ()
        self._batches: Generator[pa.RecordBatch] = (batch for batch in nothing)
        self._lock = threading.Lock()
        self._idle_since = math.inf
        self._is_given_up = False

    def of(self, batches: Generator[pa.RecordBatch]) -> Self:
        """Take over the batches; the first is about to be asked for."""
        self._batches, self._idle_since = batches, time.monotonic()
        return self

    def __iter__(self) -> Self:
        """Iterate once."""
        return self

    def __next__(self) -> pa.RecordBatch:
        """Ask for the next batch.

        Raises:
            RequestTimedOut: It was asked for too late.
        """
        with self._lock:
            if self._is_given_up:
                msg = (
                    f"The answer was not taken for {self._limit:g} seconds, so the query was ended. "
                    "Begin again, as of the same instant for the same rows."
                )
                raise RequestTimedOut(msg, seconds=self._limit)
            self._idle_since = math.inf
            batch = next(self._batches)
            self._idle_since = time.monotonic()
            return batch

    def close(self) -> None:
        """End the query, if it has not ended."""
        self._batches.close()

    def is_stalled(self) -> bool:
        """Whether nobody has asked for too long."""
        return time.monotonic() - self._idle_since > self._limit

    def cancel(self) -> None:
        """Give up; called by the watch. A batch that is on its way is not interrupted."""
        if self._lock.acquire(blocking=False):
            try:
                self._is_given_up = True
                self.close()
            finally:
                self._lock.release()


@dataclass(frozen=True)
class Attended:
    """A statement with its answer: a stalled answer is given up whole, else the statement is cancelled.

    Args:
        statement: What computes the answer.
        taken: The answer.
    """

    statement: Cancellable
    taken: Taken

    def cancel(self) -> None:
        """Ask for the end of it."""
        if self.taken.is_stalled():
            self.taken.cancel()
        else:
            self.statement.cancel()
