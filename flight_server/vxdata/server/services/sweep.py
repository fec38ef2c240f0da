"""Sweep: remove the blobs that no version refers to.

A file is uploaded before the resource that refers to it is created, so an object without a reference
may be about to get one: objects younger than a limit are left. An upload that finds an equal object touches
it, which makes it young again (decision 0013). Objects are removed while no writer can commit or touch
anything, so that references made after the search count too.

An object whose key is not that of an upload was stored by another program, and is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from vxdata.schemas.errors import StateConflict
from vxdata.server.database.clock import last_commit, lock_clock
from vxdata.server.database.connection import READ_ONLY, READ_WRITE
from vxdata.server.database.pool import Lane
from vxdata.server.storage.references import (
    find_blob_columns,
    is_referenced,
    referenced_urls,
    referenced_urls_since,
)
from vxdata.sql.write import touches

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vxdata.schemas.catalog.registry import Registry
    from vxdata.server.database.connection import Connection
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.storage.blobs import BlobStore, StoredObject, UnfinishedUpload
    from vxdata.sql.write.blob_columns import BlobColumn

MIN_AGE: Final = timedelta(days=1)
"""Age from which an object may be removed while clients write: an upload may precede its resource so long."""

OBJECTS_PER_BATCH: Final = 250
"""Objects that are removed while the commit clock is held, for which writers wait."""


@dataclass(frozen=True)
class Unreferenced:
    """The objects that a sweep would remove.

    Args:
        objects: The objects.
        listed: Number of objects in the bucket.
        unfinished: Multipart uploads to keys of VxData that were never completed.
        foreign: Number of listed objects whose key is not that of an upload; a sweep leaves them.
        limit: Objects that were stored or touched later are left.
        number: Number of the sweep.
        version: The last commit whose references were seen.
        holders: The columns that hold references.
    """

    objects: tuple[StoredObject, ...]
    listed: int
    unfinished: tuple[UnfinishedUpload, ...]
    foreign: int
    limit: datetime
    number: int
    version: int
    holders: tuple[BlobColumn, ...]

    @property
    def size(self) -> int:
        """Size of all objects, in bytes."""
        return sum(found.size for found in self.objects)


class Sweep:
    """Finds and removes blobs without references.

    Args:
        database: Pool of connections.
        registry: The payload types.
        blobs: The blob store.
    """

    def __init__(self, database: ConnectionPool, registry: Registry, blobs: BlobStore) -> None:
        """Keep the parts."""
        self._database = database
        self._registry = registry
        self._blobs = blobs

    def find(self, older_than: timedelta, on_progress: Callable[[int], None]) -> Unreferenced:
        """Find the uploaded objects of the bucket that no version refers to.

        Args:
            older_than: Younger objects are left alone; `MIN_AGE` at least while clients are at work.
            on_progress: Called with the number of objects looked at so far.

        Returns:
            The objects that may be removed, and the unfinished uploads. An earlier sweep can remove no more.

        Raises:
            ServerUnavailable: PostgreSQL or the blob store cannot be reached.
        """
        limit = datetime.now(UTC) - older_than
        with self._database.connection(Lane.WRITE) as connection:
            number = _begin_sweep(connection)
            with connection.transaction(READ_ONLY):
                version = last_commit(connection).version
                holders = find_blob_columns(connection, self._registry)
                held = referenced_urls(connection, holders, self._begin)
                held |= _urls(connection, touches.touched_since(limit))
        listed, foreign, found = 0, 0, []
        for page in self._blobs.objects():
            ours = [each for each in page if each.url.sha256 is not None]
            found += [each for each in ours if each.modified < limit and not is_referenced(each.url, held)]
            listed, foreign = listed + len(page), foreign + len(page) - len(ours)
            on_progress(listed)
        unfinished = tuple(
            each for each in self._blobs.unfinished() if each.begun < limit and each.url.sha256 is not None
        )
        return Unreferenced(tuple(found), listed, unfinished, foreign, limit, number, version, tuple(holders))

    def remove(
        self, unreferenced: Unreferenced, on_progress: Callable[[int, int], None]
    ) -> list[StoredObject]:
        """Remove the objects that were found, except those that were referred to or touched since.

        Args:
            unreferenced: The result of `find`.
            on_progress: Called with the objects done and the objects to do.

        Returns:
            The objects that were removed.

        Raises:
            StateConflict: Another sweep has begun since.
            ServerUnavailable: PostgreSQL or the blob store cannot be reached.
        """
        removed: list[StoredObject] = []
        total = len(unreferenced.objects)
        for begin in range(0, total, OBJECTS_PER_BATCH):
            batch = unreferenced.objects[begin : begin + OBJECTS_PER_BATCH]
            removed += self._remove_batch(batch, unreferenced)
            on_progress(begin + len(batch), total)
        with self._database.connection(Lane.WRITE) as connection:
            connection.execute(touches.forget(unreferenced.limit))
        return removed

    def abort(self, unreferenced: Unreferenced) -> None:
        """Abort the multipart uploads that were found.

        No resource can refer to an incomplete upload, so no writer has to wait. A client that is still
        sending parts gets an error and begins again.

        Args:
            unreferenced: The result of `find`.

        Raises:
            ServerUnavailable: The blob store cannot be reached.
        """
        for each in unreferenced.unfinished:
            self._blobs.abort(each)

    def _remove_batch(self, batch: Sequence[StoredObject], seen: Unreferenced) -> list[StoredObject]:
        """Remove objects while the commit clock is locked: no writer can refer to them or touch them."""
        with self._database.connection(Lane.WRITE) as connection, connection.transaction(READ_WRITE):
            lock_clock(connection)
            connection.execute(touches.LOCK)
            _require_last(connection, seen.number)
            held = referenced_urls_since(connection, seen.holders, self._begin, seen.version)
            held |= _urls(connection, touches.touched_among([str(each.url) for each in batch], seen.limit))
            free = [found for found in batch if not is_referenced(found.url, held)]
            if free:
                self._blobs.remove([found.url for found in free])
        return free

    @property
    def _begin(self) -> str:
        return f"s3://{self._blobs.bucket}/"


def _begin_sweep(connection: Connection) -> int:
    """Take the next number; wait while an earlier sweep removes a batch."""
    with connection.transaction(READ_WRITE):
        connection.execute(touches.BEGIN_SWEEP)
        return _last_sweep(connection)


def _require_last(connection: Connection, number: int) -> None:
    """Stop a sweep after a later one has begun: its objects may have been removed and stored anew since."""
    if _last_sweep(connection) != number:
        msg = "Another sweep has begun since this one looked at the objects; run it again."
        raise StateConflict(msg)


def _last_sweep(connection: Connection) -> int:
    return int(connection.rows(touches.LAST_SWEEP)[0]["sweep"])


def _urls(connection: Connection, query: str) -> set[str]:
    return {row["url"] for row in connection.rows(query)}
