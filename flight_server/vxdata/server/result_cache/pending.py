"""Drafts: answers that are kept while they are on their way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import structlog

from vxdata.server.result_cache.entry import FileEntry, MemoryEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future

    import pyarrow as pa

    from vxdata.server.result_cache.entry import CacheEntry
    from vxdata.server.result_cache.file import CacheFile, Segment

MAX_MEMORY_ENTRY_BYTES: Final = 256 * 1024
"""Largest answer that is kept in memory; larger ones are kept on disk."""

log = structlog.get_logger(__name__)


class NotCached(Exception):
    """An answer is too large to be kept, or the disk does not take it."""


class EntryStore(Protocol):
    """Where drafts lie, and what becomes of them."""

    def create_file(self, entry: PendingEntry) -> CacheFile:
        """Begin the file of a draft."""

    def reserve(self, entry: PendingEntry, size: int) -> None:
        """Make room for bytes that a draft is about to write."""

    def refuse(self, entry: PendingEntry) -> None:
        """Keep no answer of the draft's key for a while."""

    def put(self, entry: PendingEntry, kept: CacheEntry) -> None:
        """Keep the finished answer."""

    def abandon(self, entry: PendingEntry) -> None:
        """Forget the draft, and the room that was made for it."""

    def submit(self, work: Callable[[], None]) -> Future[None]:
        """Do something in another thread."""


class PendingEntry:
    """An answer that is written down while its first readers read it.

    Args:
        store: Where it lies.
        key: Key of the answer.
        purge_epoch: Number of the last purge before it is computed.
    """

    def __init__(self, store: EntryStore, key: str, purge_epoch: int) -> None:
        """Begin; there is no file until there is something to write."""
        self._store = store
        self._file: CacheFile | None = None
        self.key = key
        self.purge_epoch = purge_epoch

    def append(self, batches: Sequence[pa.RecordBatch]) -> Segment:
        """Write batches to the file.

        Raises:
            NotCached: The answer is too large, or the disk does not take it.
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
        """Read back what was written."""
        assert self._file is not None  # noqa: S101 - a segment was written to it
        return self._file.read(segment)

    def finish(self, segments: Sequence[Segment], rest: Sequence[pa.RecordBatch]) -> None:
        """Keep the whole answer; a large one as soon as its bytes are hashed.

        Args:
            segments: All that was written.
            rest: All batches, if none were written.

        Raises:
            NotCached: The disk does not take it.
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
        except Exception as error:  # noqa: BLE001 - nobody waits for this thread
            log.warning("answer_not_kept", reason=str(error))
            self.discard()

    def submit(self, work: Callable[[], None]) -> Future[None]:
        """Do something for the draft in another thread."""
        return self._store.submit(work)

    def discard(self) -> None:
        """Keep nothing; what was written can still be read."""
        self._store.abandon(self)
