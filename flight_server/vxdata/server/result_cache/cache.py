"""The entry point of the cache: return a finished result, join a running query, or begin a new one.

A result is kept when its query is asked for the second time. To keep one takes as long as to read it from a
columnar copy, and a gigabyte of disk for a million volumes: who asks once, such as after each commit, pays
nothing.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog
from cachetools import LRUCache

from vxdata.schemas.errors import ServerUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa

    from vxdata.server.result_cache.shared_query import Batches, SharedQuery
    from vxdata.server.result_cache.store import CacheStore

KEPT_ASKS: Final = 2
"""How often a query is asked until its result is kept."""

MAX_ASKED: Final = 10_000
"""Queries of which the server remembers how often they were asked."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class PreparedQuery:
    """A query that is ready to run.

    Args:
        key: Key of its result.
        purge_epoch: Number of the last purge that it sees.
        query: The query that later callers can join.
        batches: The batches; the first `next` runs the query, and closing them ends it.
    """

    key: str
    purge_epoch: int
    query: SharedQuery
    batches: Batches


class ResultCache:
    """Returns results, each computed once.

    Args:
        store: Keeps the finished results; None to compute every result anew.
        asks: How often a query must have been asked for its result to be kept.
    """

    def __init__(self, store: CacheStore | None, asks: int = KEPT_ASKS) -> None:
        """Begin with the entries of the store."""
        self._store = store
        self._asks = asks
        self._asked: LRUCache[str, int] = LRUCache(MAX_ASKED)
        self._lock = threading.Lock()
        self._is_closed = False

    def get_or_run(self, opened: PreparedQuery, is_cancelled: Callable[[], bool]) -> Iterator[pa.RecordBatch]:
        """Return the result of a query, and run the query only if no other caller has.

        Args:
            opened: The query; it is closed if the result is there without it.
            is_cancelled: Returns whether the caller has gone; called from another thread.

        Returns:
            All batches. A caller that closes or drops them stops reading; other readers go on.
        """
        if self._store is None:
            return opened.query.begin(opened.batches, None)
        self._store.note_purges(opened.purge_epoch)
        found = self._cached(self._store, opened.key)
        if found is None:
            with self._lock:
                # It may have been finished in the meantime.
                found = _joined(self._store, opened.key, is_cancelled) or self._cached(
                    self._store, opened.key
                )
                if found is None and not self._is_to_be_kept(opened.key):
                    return opened.query.begin(opened.batches, None)
                if found is None:
                    entry = self._store.begin_entry(opened.key, opened.purge_epoch, opened.query)
                    return opened.query.begin(opened.batches, entry)
        opened.batches.close()
        return found

    def note_purges(self, purge_epoch: int) -> None:
        """Drop all results from before a purge that has just been committed.

        Args:
            purge_epoch: Number of the purge.
        """
        if self._store is not None:
            self._store.note_purges(purge_epoch)

    def close(self) -> None:
        """End the reads of finished results; the reads of running queries end with their queries."""
        self._is_closed = True

    def _is_to_be_kept(self, key: str) -> bool:
        """Count a query that has no result yet."""
        self._asked[key] = self._asked.get(key, 0) + 1
        return self._asked[key] >= self._asks

    def _cached(self, store: CacheStore, key: str) -> Iterator[pa.RecordBatch] | None:
        found = store.find(key)
        if found is None:
            return None
        try:
            return self._until_closed(found.read())
        except FileNotFoundError:
            store.drop(key)
        except OSError as error:
            log.warning("cache_entry_not_read", reason=str(error))
        return None

    def _until_closed(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            if self._is_closed:
                msg = "The server is shutting down; try again."
                raise ServerUnavailable(msg)
            yield batch


def _joined(store: CacheStore, key: str, is_cancelled: Callable[[], bool]) -> Iterator[pa.RecordBatch] | None:
    query = store.in_flight(key)
    return None if query is None else query.join(is_cancelled)
