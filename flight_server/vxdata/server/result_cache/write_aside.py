"""Writing aside: a query whose readers are slow gives its connection back when others wait for one.

The rest of its result is fetched at once, into the file of its cache entry, or else into a file without a
name. The readers take it from there.
"""

from __future__ import annotations

import math
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

import structlog

from vxdata.schemas.errors import DiskFull
from vxdata.server.result_cache.pending import NotCached
from vxdata.server.spool_space import NoSpace, SpoolFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pyarrow as pa

    from vxdata.server.record_file import Segment
    from vxdata.server.result_cache.shared_query import SharedQuery
    from vxdata.server.spool_space import SpoolSpace

log = structlog.get_logger(__name__)


class WriteAside:
    """Decides when a query is written aside: one at a time, so that the disk and the cores serve others too.

    Args:
        space: The disk space for results without a cache entry.
        has_waiters: Returns whether a query waits for a connection.
        after: Seconds that a query may have waited for its readers in all, while others wait for it.
        latest: Seconds that it may have waited in any case, so that its statement does not run out of time.
    """

    def __init__(
        self, space: SpoolSpace, has_waiters: Callable[[], bool], after: float, latest: float = math.inf
    ) -> None:
        """Begin with none."""
        self._space = space
        self._has_waiters = has_waiters
        self._after = after
        self._latest = latest
        self._turn = threading.Lock()

    def is_due(self, query: SharedQuery) -> bool:
        """Return whether a query has to give its connection back now."""
        idle = query.idle_seconds()
        is_due = idle > self._latest or (idle > self._after and self._has_waiters())
        return is_due and not self._turn.locked()

    def run(self, query: SharedQuery) -> None:
        """Write a query aside, unless another one is being written."""
        if not self._turn.acquire(blocking=False):
            return
        try:
            log.info("result_written_aside", idle_seconds=round(query.idle_seconds(), 1))
            query.fetch_rest(lambda: AsideEntry(self._space))
        finally:
            self._turn.release()


class AsideEntry:
    """Takes the batches of a query that has no cache entry, for its present readers alone.

    Args:
        space: The space that it takes its part of, until it is dropped.
    """

    def __init__(self, space: SpoolSpace) -> None:
        """Begin empty."""
        self._file = SpoolFile(space)

    def append(self, batches: Sequence[pa.RecordBatch]) -> Segment:
        """Write batches.

        Raises:
            NotCached: There is no space, or the disk refuses.
        """
        try:
            self._file.reserve(sum(batch.get_total_buffer_size() for batch in batches))
            return self._file.append(batches)
        except (NoSpace, DiskFull, OSError) as error:
            raise NotCached(str(error)) from error

    def read(self, segment: Segment) -> Iterator[pa.RecordBatch]:
        """Read the batches of a segment back."""
        return self._file.read(segment)

    def finish(self, segments: Sequence[Segment], rest: Sequence[pa.RecordBatch]) -> None:
        """Keep nothing: the readers have the segments, and the rest in memory."""

    def submit(self, work: Callable[[], None]) -> Future[None]:
        """Run a function at once: nothing else has to be done meanwhile."""
        done: Future[None] = Future()
        work()
        done.set_result(None)
        return done

    def discard(self) -> None:
        """Keep what was written, for the present readers."""
