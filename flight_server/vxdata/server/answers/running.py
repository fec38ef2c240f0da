"""Running answers: on their way from PostgreSQL, to however many readers.

Readers pull an answer on together: whoever needs a batch that nobody has fetched yet fetches it for all.
So there is no leader whose failure could hang the others, nothing runs ahead of the fastest reader, and an
answer with one reader costs no thread.
"""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final, cast

import structlog

from vxdata.schemas.errors import RequestCancelled, RequestTimedOut, ServerUnavailable
from vxdata.server.answers.draft import CannotKeep
from vxdata.server.database_errors import StatementCancelled

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    import pyarrow as pa

    from vxdata.server.answers.draft import Draft
    from vxdata.server.answers.file import Segment
    from vxdata.server.watch import Cancellable

SEGMENT_BYTES: Final = 16 * 1024 * 1024
"""Most bytes that wait in memory to be written to the file together."""

WAKE_SECONDS: Final = 0.5
"""How often a reader that waits for another one's batch looks whether its own caller has gone."""

log = structlog.get_logger(__name__)


class Running:
    """An answer on its way.

    Args:
        is_cancelled: Tells whether the first reader's caller has gone; asked from another thread.
        stall_limit: Seconds that a batch may wait to be asked for by anybody.
    """

    def __init__(self, is_cancelled: Callable[[], bool], stall_limit: float = math.inf) -> None:
        """Wait for the batches."""
        self._callers = [is_cancelled]
        self._stall_limit = stall_limit
        self._changed = threading.Condition()
        self._batches: Generator[pa.RecordBatch] | None = None
        self._draft: Draft | None = None
        self._stored: list[tuple[int, Segment]] = []
        self._tail: list[pa.RecordBatch] = []
        self._tail_begin = 0
        self._tail_bytes = 0
        self._is_busy = False
        self._is_deserted = False
        self._is_whole = False
        self._idle_since = math.inf
        self._failure: Exception | None = None

    def begin(self, batches: Generator[pa.RecordBatch], draft: Draft | None) -> Iterator[pa.RecordBatch]:
        """Take over the batches.

        Args:
            batches: Makes them; closing it ends the query.
            draft: Where they are kept for others; without one, nobody else may join.

        Returns:
            The batches for the first reader. Closing or dropping them is to leave.
        """
        self._batches, self._draft, self._idle_since = batches, draft, time.monotonic()
        return _begun(self._reader(self._callers[0]))

    def join(self, is_cancelled: Callable[[], bool]) -> Iterator[pa.RecordBatch] | None:
        """Become another reader.

        Args:
            is_cancelled: Tells whether the reader's caller has gone; asked from another thread.

        Returns:
            All batches, from the first one on; None if the answer has failed, or all others have left it.
        """
        with self._changed:
            if self._failure is not None or self._is_deserted or self._draft is None:
                return None
            self._callers.append(is_cancelled)
        return _begun(self._reader(is_cancelled))

    def is_deserted(self) -> bool:
        """Whether every reader's caller has gone, or none has asked for a batch for too long.

        Once it is, it stays so: nobody can join any more.
        """
        with self._changed:
            self._is_deserted |= self._is_stalled() or all(is_cancelled() for is_cancelled in self._callers)
            return self._is_deserted

    def give_up(self) -> bool:
        """End the query.

        Returns:
            False if PostgreSQL is being asked: then its statement has to be cancelled.
        """
        with self._changed:
            if self._is_busy or self._batches is None:
                return False
            self._end_soon()
        self._end()
        return True

    def _reader(self, is_cancelled: Callable[[], bool]) -> Generator[pa.RecordBatch | None]:
        position = 0
        try:
            yield None
            while (found := self._after(position, is_cancelled)) is not None:
                for batch in found:
                    position += 1
                    yield batch
        finally:
            self._leave(is_cancelled)

    def _after(self, position: int, is_cancelled: Callable[[], bool]) -> Iterable[pa.RecordBatch] | None:
        """Some batches from a position on; None after the last."""
        while True:
            with self._changed:
                if position < self._tail_begin:
                    return self._read_stored(position)
                if position < self._tail_begin + len(self._tail):
                    return (self._tail[position - self._tail_begin],)
                if self._failure is not None:
                    raise self._failure
                if self._is_whole:
                    return None
                if self._is_busy:
                    self._wait(is_cancelled)
                    continue
                self._is_busy, self._idle_since = True, math.inf
            self._fetch()

    def _wait(self, is_cancelled: Callable[[], bool]) -> None:
        self._changed.wait(WAKE_SECONDS)
        if is_cancelled():
            msg = "The caller has gone."
            raise RequestCancelled(msg)

    def _read_stored(self, position: int) -> Iterable[pa.RecordBatch]:
        if self._draft is None:
            msg = "The answer has outgrown what is kept for several readers at a time; ask again."
            raise self._failure or ServerUnavailable(msg)
        begin, segment = next(found for found in reversed(self._stored) if found[0] <= position)
        return islice(self._draft.read(segment), position - begin, None)

    def _fetch(self) -> None:
        """Fetch a batch for all; only one thread does so at a time."""
        try:
            batch = next(cast("Generator[pa.RecordBatch]", self._batches), None)
            with self._changed:
                if batch is not None:
                    self._take_in(batch)
                self._is_whole = batch is None
                self._changed.notify_all()
            self._store()
        except Exception as error:  # noqa: BLE001 - every reader gets it
            self._failure = error
            self._discard()
        finally:
            with self._changed:
                self._is_busy, self._idle_since = False, time.monotonic()
                self._changed.notify_all()

    def _take_in(self, batch: pa.RecordBatch) -> None:
        if self._draft is None:  # what nobody else can ask for is let go
            self._let_go()
        self._tail.append(batch)
        self._tail_bytes += batch.nbytes

    def _store(self) -> None:
        """Write what has gathered, and hand the whole answer over at its end."""
        if self._draft is None:
            return
        try:
            if self._tail_bytes >= SEGMENT_BYTES:
                segment = self._draft.append(self._tail)
                with self._changed:
                    self._stored.append((self._tail_begin, segment))
                    self._let_go()
            if self._is_whole:
                self._draft.finish([segment for _, segment in self._stored], self._tail)
        except CannotKeep as problem:
            log.info("answer_not_kept", reason=str(problem))
            self._discard()

    def _let_go(self) -> None:
        self._tail_begin += len(self._tail)
        self._tail, self._tail_bytes = [], 0

    def _discard(self) -> None:
        """Keep nothing; whoever lags behind has to ask again."""
        with self._changed:
            draft, self._draft = self._draft, None
        if draft is not None:
            draft.discard()

    def _leave(self, is_cancelled: Callable[[], bool]) -> None:
        with self._changed:
            self._callers.remove(is_cancelled)
            if self._callers or self._is_whole or self._failure is not None:
                return
            self._end_soon()
        self._end()

    def _end_soon(self) -> None:
        self._failure = self._failure or self._reason()
        self._is_busy = True

    def _end(self) -> None:
        """End the query; without the lock, since ending waits for the watch, which may wait for the lock."""
        cast("Generator[pa.RecordBatch]", self._batches).close()
        self._discard()
        with self._changed:
            self._is_busy = False
            self._changed.notify_all()

    def _is_stalled(self) -> bool:
        return not self._is_whole and time.monotonic() - self._idle_since > self._stall_limit

    def _reason(self) -> Exception:
        if not self._is_stalled():
            return StatementCancelled("nobody reads the answer any more")
        msg = (
            f"The answer was not taken for {self._stall_limit:g} seconds, so the query was ended. "
            "Begin again, as of the same instant for the same rows."
        )
        return RequestTimedOut(msg, seconds=self._stall_limit)


@dataclass(frozen=True)
class Attended:
    """A statement with the answer that it computes, for the watch.

    Args:
        statement: What computes the answer.
        answer: The answer.
    """

    statement: Cancellable
    answer: Running

    def cancel(self) -> None:
        """End a fetch that is under way, else the query as a whole."""
        if not self.answer.give_up():
            self.statement.cancel()


def _begun(reader: Generator[pa.RecordBatch | None]) -> Iterator[pa.RecordBatch]:
    """Only a generator that has begun runs its end when it is dropped."""
    next(reader)
    return cast("Iterator[pa.RecordBatch]", reader)
