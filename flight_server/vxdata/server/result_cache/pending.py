"""Pending entries: results that are recorded while they are fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import structlog

from vxdata.server.result_cache.entry import FileEntry, MemoryEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future

    import pyarrow as pa

    from vxdata.server.record_file import Segment
    from vxdata.server.result_cache.entry import CacheEntry
    from vxdata.server.result_cache.file import CacheFile

MAX_MEMORY_ENTRY_BYTES: Final = 256 * 1024
"""Bytes of the largest result that is kept in memory; larger ones are kept on disk."""

log = structlog.get_logger(__name__)


class NotCached(Exception):
    """A result is not kept: it is too large, the disk refused it, or its entry is out of date."""


class RecordedEntry(Protocol):
    """What records the batches of a query: a pending entry of the cache, or a file for its readers alone."""

    def append(self, batches: Sequence[pa.RecordBatch]) -> Segment:
        """Write batches to the file."""

    def read(self, segment: Segment) -> Iterator[pa.RecordBatch]:
        """Read the batches of a segment back."""

    def finish(self, segments: Sequence[Segment], rest: Sequence[pa.RecordBatch]) -> None:
        """Keep the complete result."""

    def submit(self, work: Callable[[], None]) -> Future[None]:
        """Run a function beside the fetch."""

    def discard(self) -> None:
        """Give the entry up."""


class EntryStore(Protocol):
    """The operations of the store that a pending entry needs."""

    def create_file(self, entry: PendingEntry) -> CacheFile:
        """Create the file of a pending entry."""

    def reserve(self, entry: PendingEntry, size: int) -> None:
        """Reserve room for bytes that a pending entry is about to write."""

    def refuse(self, entry: PendingEntry) -> None:
        """Keep no result of the entry's key for a while."""

    def put(self, entry: PendingEntry, kept: CacheEntry) -> None:
        """Replace the pending entry by the finished one."""

    def abandon(self, entry: PendingEntry) -> None:
        """Drop the pending entry, its reservation and its file."""

    def submit(self, work: Callable[[], None]) -> Future[None]:
        """Run a function in a thread of the store."""


class PendingEntry:
    """The entry of a result that its readers are still fetching.

    Args:
        store: The store that will keep the finished entry.
        key: Key of the result.
        purge_epoch: Number of the last purge before the result is computed.
    """

    def __init__(self, store: EntryStore, key: str, purge_epoch: int) -> None:
        """Begin without a file; the first `append` creates it."""
        self._store = store
        self._file: CacheFile | None = None
        self.key = key
        self.purge_epoch = purge_epoch

    def append(self, batches: Sequence[pa.RecordBatch]) -> Segment:
        """Write batches to the file.

        Raises:
            NotCached: The result is too large, the disk refuses it, or the entry was given up.
        """
        self._store.reserve(self, sum(batch.get_total_buffer_size() for batch in batches))
        try:
            if self._file is None:
                self._file = self._store.create_file(self)
            return self._file.append(batches)
        except OSError as error:
            self._store.refuse(self)
            raise NotCached(str(error)) from error

    def read(self, segment: Segment) -> Iterator[pa.RecordBatch]:
        """Read the batches of a segment back."""
        assert self._file is not None  # noqa: S101 - a segment was written to it
        return self._file.read(segment)

    def finish(self, segments: Sequence[Segment], rest: Sequence[pa.RecordBatch]) -> None:
        """Keep the complete result. A file is kept as soon as another thread has hashed its bytes.

        Args:
            segments: The segments that were written.
            rest: The batches that follow them.

        Raises:
            NotCached: The result is too large, the disk refuses it, or the entry was given up.
        """
        if (
            not segments
            and (small := MemoryEntry(tuple(rest), self.purge_epoch)).size <= MAX_MEMORY_ENTRY_BYTES
        ):
            self._store.put(self, small)
        else:
            written = [*segments, *([self.append(rest)] if rest else ())]
            self._store.submit(lambda: self._complete(written))

    def _complete(self, segments: Sequence[Segment]) -> None:
        assert self._file is not None  # noqa: S101 - the segments were written to it
        try:
            footer = self._file.finish(self.key, self.purge_epoch, segments)
            self._store.put(self, FileEntry(self._file.path, footer))
        except Exception as error:  # noqa: BLE001 - no caller waits for this thread, so the log is told
            log.warning("result_not_cached", reason=str(error))
            self.discard()

    def submit(self, work: Callable[[], None]) -> Future[None]:
        """Run a function in a thread of the store."""
        return self._store.submit(work)

    def discard(self) -> None:
        """Give the entry up. Segments that were written can still be read."""
        self._store.abandon(self)
