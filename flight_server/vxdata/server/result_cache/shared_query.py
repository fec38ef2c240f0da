"""Shared queries: one running query of PostgreSQL with any number of readers.

The readers fetch together: a reader that needs a batch that is not there yet fetches it for all. So there
is no leader whose failure could hang the others, no fetch runs ahead of the fastest reader, and a query with
one reader needs no thread.
"""

from __future__ import annotations

import math
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Final, Protocol, cast

import structlog

from vxdata.schemas.errors import RequestCancelled, RequestTimedOut, ServerUnavailable
from vxdata.server.database.errors import StatementCancelled
from vxdata.server.result_cache.pending import NotCached

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from concurrent.futures import Future

    import pyarrow as pa

    from vxdata.server.record_file import Segment
    from vxdata.server.result_cache.pending import RecordedEntry

SEGMENT_BYTES: Final = 8 * 1024 * 1024
"""Bytes that are written to the file at a time; as many again may gather in memory meanwhile."""

WAKE_SECONDS: Final = 0.5
"""Seconds after which a waiting reader checks again whether its own caller has gone."""

PATIENCE_SECONDS: Final = 5.0
"""Seconds that the fastest reader of a result that is not cached waits for slower ones, each time."""

log = structlog.get_logger(__name__)


class Batches(Protocol):
    """An iterator of batches that holds its resources until it ends or is closed, such as a generator."""

    def __next__(self) -> pa.RecordBatch:
        """Return the next batch."""

    def close(self) -> None:
        """End the iteration and release its resources."""


@dataclass(eq=False)
class _Reader:
    """A reader and its position.

    Args:
        is_cancelled: Returns whether its caller has gone.
        position: Number of batches that it has taken.
    """

    is_cancelled: Callable[[], bool]
    position: int = 0


class SharedQuery:
    """A running query whose batches any number of readers share.

    Args:
        is_cancelled: Returns whether the first reader's caller has gone; called from another thread.
        stall_limit: Seconds that may pass without a reader asking for a batch.
    """

    def __init__(self, is_cancelled: Callable[[], bool], stall_limit: float = math.inf) -> None:
        """Begin without batches; `begin` sets them."""
        self._callers = [is_cancelled]
        self._stall_limit = stall_limit
        self._changed = threading.Condition()
        self._batches: Batches | None = None
        self._entry: RecordedEntry | None = None
        self._readers: list[_Reader] = []
        self._stored: list[tuple[int, int, Callable[[], Iterator[pa.RecordBatch]]]] = []
        """Position of the first batch, number of batches, and a function that reads them back."""
        self._segments: list[Segment] = []
        self._writing: Future[None] | None = None
        self._tail: list[pa.RecordBatch] = []
        self._tail_begin = 0
        self._tail_bytes = 0
        self._is_busy = False
        self._is_abandoned = False
        self._is_whole = False
        self._idle_since = math.inf
        self._idle_before = 0.0
        self._failure: Exception | None = None

    def begin(self, batches: Batches, entry: RecordedEntry | None) -> Iterator[pa.RecordBatch]:
        """Take over the batches.

        Args:
            batches: The batches of the query; closing them ends it.
            entry: Records the batches for later readers; without it, no other reader can join.

        Returns:
            The batches for the first reader. A reader leaves when it closes or drops them.
        """
        self._batches, self._entry, self._idle_since = batches, entry, time.monotonic()
        return _begun(self._reader(self._callers[0]))

    def join(self, is_cancelled: Callable[[], bool]) -> Iterator[pa.RecordBatch] | None:
        """Add a reader.

        Args:
            is_cancelled: Returns whether the reader's caller has gone; called from another thread.

        Returns:
            All batches, from the first one on; None if the query has failed, is abandoned, or is not cached.
        """
        with self._changed:
            if self._failure is not None or self._is_abandoned or self._entry is None:
                return None
            self._callers.append(is_cancelled)
        return _begun(self._reader(is_cancelled))

    def is_abandoned(self) -> bool:
        """Return whether every caller has gone, or no reader has asked for a batch within the limit.

        An abandoned query stays abandoned: no reader can join it.
        """
        with self._changed:
            self._is_abandoned |= self._is_stalled() or all(is_cancelled() for is_cancelled in self._callers)
            return self._is_abandoned

    def idle_seconds(self) -> float:
        """Return how long the query has waited for its readers, all waits together; 0 once it is whole."""
        with self._changed:
            return 0.0 if self._is_whole else self._idle_before + self._idle_now()

    def fetch_rest(self, make_entry: Callable[[], RecordedEntry]) -> None:
        """Fetch all batches that are left, however slow the readers are, so that the query ends.

        Args:
            make_entry: Makes an entry for the batches if the query has none. If that cannot take them, the
                query fails.
        """
        is_made = False
        with self._changed:
            if self._is_busy:  # a reader has come back, and waits for no other thread
                return
            while not self._is_whole and self._failure is None:
                if self._entry is None and is_made:
                    self._failure = _not_taken()
                else:
                    is_made |= self._entry is None
                    self._entry = self._entry or make_entry()
                    self._fetch(leaves_behind=False)
            if self._is_whole:
                return
            self._claim_the_end()
        self._end()

    def give_up(self) -> bool:
        """End the query.

        Returns:
            False if the query has not begun, or a fetch is under way: then cancel the statement.
        """
        with self._changed:
            if self._is_busy or self._batches is None:
                return False
            self._claim_the_end()
        self._end()
        return True

    def _reader(self, is_cancelled: Callable[[], bool]) -> Generator[pa.RecordBatch | None]:
        reader = _Reader(is_cancelled)
        self._readers.append(reader)
        try:
            yield None
            while (found := self._after(reader)) is not None:
                for batch in found:
                    reader.position += 1
                    yield batch
        finally:
            self._leave(reader)

    def _after(self, reader: _Reader) -> Iterable[pa.RecordBatch] | None:
        """Return some batches from the reader's position on; None after the last one."""
        with self._changed:
            self._changed.notify_all()  # a faster reader may be waiting for this one
            patience = time.monotonic() + PATIENCE_SECONDS
            while True:
                self._note_reading()
                if reader.position < self._tail_begin:
                    return self._read_stored(reader.position)
                if reader.position < self._tail_begin + len(self._tail):
                    return (self._tail[reader.position - self._tail_begin],)
                if self._failure is not None:
                    raise self._failure
                if self._is_whole:
                    return None
                is_full = self._is_full()
                if self._is_busy or (is_full and time.monotonic() < patience):
                    self._wait(reader)
                else:
                    self._fetch(leaves_behind=is_full)

    def _note_reading(self) -> None:
        if not self._is_busy:
            self._idle_before += self._idle_now()
            self._idle_since = time.monotonic()

    def _idle_now(self) -> float:
        """Return the seconds since a reader last asked for a batch; 0 while one is fetched."""
        return max(time.monotonic() - self._idle_since, 0.0)

    def _is_full(self) -> bool:
        """Return whether memory holds as much as it may for a slower reader; nothing is on disk."""
        end = self._tail_begin + len(self._tail)
        lags = any(reader.position < end for reader in self._readers)
        return self._entry is None and self._tail_bytes >= SEGMENT_BYTES and lags

    def _wait(self, reader: _Reader) -> None:
        self._changed.wait(WAKE_SECONDS)
        if reader.is_cancelled():
            msg = "The caller has gone."
            raise RequestCancelled(msg)

    def _read_stored(self, position: int) -> Iterable[pa.RecordBatch]:
        for begin, count, batches in self._stored:
            if begin <= position < begin + count:
                return islice(batches(), position - begin, None)
        msg = "The result is not cached, and this reader is too far behind the others; ask again."
        raise self._failure or ServerUnavailable(msg)

    def _fetch(self, *, leaves_behind: bool) -> None:
        """Fetch a batch for all readers, without the lock; one thread at a time does so.

        Args:
            leaves_behind: Whether the slower readers were waited for long enough.
        """
        self._idle_before += self._idle_now()
        self._is_busy, self._idle_since = True, math.inf
        self._changed.release()
        try:
            batch = next(self._begun_batches, None)
            with self._changed:
                if batch is not None:
                    self._take_in(batch, leaves_behind=leaves_behind)
                self._is_whole = batch is None
                self._changed.notify_all()
            self._store()
        except BaseException as error:
            # Every reader raises it, so none takes the batches so far for the complete result.
            self._failure = error if isinstance(error, Exception) else StatementCancelled("interrupted")
            self._discard(self._entry)
            if not isinstance(error, Exception):
                raise
        finally:
            self._changed.acquire()
            self._is_busy, self._idle_since = False, time.monotonic()
            self._changed.notify_all()

    @property
    def _begun_batches(self) -> Batches:
        assert self._batches is not None  # noqa: S101 - there is no reader before `begin`
        return self._batches

    def _take_in(self, batch: pa.RecordBatch, *, leaves_behind: bool) -> None:
        """Add a batch. Without an entry, drop those that all have read, or that a reader was too slow for."""
        if self._entry is None:
            slowest = min((reader.position for reader in self._readers), default=self._tail_begin)
            self._release(len(self._tail) if leaves_behind else max(slowest - self._tail_begin, 0))
        self._tail.append(batch)
        self._tail_bytes += batch.get_total_buffer_size()

    def _release(self, count: int) -> None:
        """Drop the first batches in memory."""
        self._tail_bytes -= sum(batch.get_total_buffer_size() for batch in self._tail[:count])
        self._tail_begin += count
        self._tail = self._tail[count:]

    def _store(self) -> None:
        """Have another thread write the batches in memory; at the end, finish the entry."""
        entry = self._entry
        if entry is None:
            return
        with self._unless_it_fails(entry):
            if self._writing is not None and (self._is_whole or self._tail_bytes >= 2 * SEGMENT_BYTES):
                self._writing.result()
            if self._is_whole and self._entry is entry:
                entry.finish(self._segments, self._tail)
            elif self._tail_bytes >= SEGMENT_BYTES and (self._writing is None or self._writing.done()):
                self._writing = entry.submit(partial(self._write, entry, tuple(self._tail)))

    def _write(self, entry: RecordedEntry, batches: tuple[pa.RecordBatch, ...]) -> None:
        """Write the first batches to the file, and only then drop them from memory."""
        with self._unless_it_fails(entry):
            segment = entry.append(batches)
            with self._changed:
                if self._entry is entry:
                    self._segments.append(segment)
                    stored = partial(entry.read, segment)
                    self._stored.append((self._tail_begin, len(batches), stored))
                    self._release(len(batches))

    @contextmanager
    def _unless_it_fails(self, entry: RecordedEntry) -> Iterator[None]:
        """Give the entry up if it cannot be written. The readers still get every batch."""
        try:
            yield
        except NotCached as problem:
            log.info("result_not_cached", reason=str(problem))
            self._discard(entry)
        except Exception as error:  # noqa: BLE001 - no fault of the cache may end a query
            log.warning("result_not_cached", reason=str(error))
            self._discard(entry)

    def _discard(self, entry: RecordedEntry | None) -> None:
        """Give an entry up. Present readers can still read the segments that were written."""
        with self._changed:
            if self._entry is entry:
                self._entry = None
        if entry is not None:
            entry.discard()

    def _leave(self, reader: _Reader) -> None:
        with self._changed:
            self._readers.remove(reader)
            self._callers.remove(reader.is_cancelled)
            self._changed.notify_all()
            if self._callers or self._is_whole or self._failure is not None:
                return
            if self._is_busy:  # by `fetch_rest`, which ends the query too
                self._failure = self._reason()
                return
            self._claim_the_end()
        self._end()

    def _claim_the_end(self) -> None:
        self._failure = self._failure or self._reason()
        self._is_busy = True

    def _end(self) -> None:
        """End the query, without the lock: the end waits for the monitor, which may wait for the lock."""
        try:
            self._begun_batches.close()
        finally:
            self._discard(self._entry)
            with self._changed:
                self._is_busy = False
                self._changed.notify_all()

    def _is_stalled(self) -> bool:
        return not self._is_whole and time.monotonic() - self._idle_since > self._stall_limit

    def _reason(self) -> Exception:
        if not self._is_stalled():
            return StatementCancelled("no caller reads the result any more")
        msg = (
            f"No batch was asked for within {self._stall_limit:g} seconds, so the query was ended. "
            "Begin again, as of the same instant for the same rows."
        )
        return RequestTimedOut(msg, seconds=self._stall_limit)


def _not_taken() -> RequestTimedOut:
    msg = (
        "The result was not taken while other queries waited for its connection, and there was no room to "
        "keep it. Begin again, as of the same instant for the same rows."
    )
    return RequestTimedOut(msg)


def _begun(reader: Generator[pa.RecordBatch | None]) -> Iterator[pa.RecordBatch]:
    """Advance a generator to its first yield: only then does dropping it run its `finally`."""
    next(reader)
    return cast("Iterator[pa.RecordBatch]", reader)
