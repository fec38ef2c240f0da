"""Sweep: remove the blobs that no version refers to.

A file is uploaded before the resource that refers to it is created, so an object without a reference
may be about to get one: what is younger than a limit is left alone. References that were committed while
the sweep looked around are seen too, since objects are removed under the commit clock. What the limit
does not cover is an old object without any reference that an upload of an equal file finds again at the
same moment, and whose reference is committed only after the object was removed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from vxdata.server.clock import last_commit, lock_clock
from vxdata.server.database import READ_ONLY, READ_WRITE
from vxdata.server.references import find_holders, is_held, urls_held, urls_held_since

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import timedelta

    from vxdata.schemas.registry import Registry
    from vxdata.server.blobs import BlobStore, StoredObject
    from vxdata.server.database import Database
    from vxdata.sql.versions.blobs import Holder

OBJECTS_PER_TURN: Final = 250
"""Objects that are removed while the commit clock is held, for which writers wait."""


@dataclass(frozen=True)
class Unreferenced:
    """What a sweep would remove.

    Args:
        objects: The objects.
        listed: How many objects were looked at.
        version: The last commit whose references were seen.
        holders: Where references were looked for.
    """

    objects: tuple[StoredObject, ...]
    listed: int
    version: int
    holders: tuple[Holder, ...]

    @property
    def size(self) -> int:
        """Their bytes."""
        return sum(found.size for found in self.objects)


class Sweep:
    """Finds and removes blobs without references.

    Args:
        database: Pool of connections.
        registry: The payload types.
        blobs: The blob store.
    """

    def __init__(self, database: Database, registry: Registry, blobs: BlobStore) -> None:
        """Keep the parts."""
        self._database = database
        self._registry = registry
        self._blobs = blobs

    def find(self, older_than: timedelta, on_progress: Callable[[int], None]) -> Unreferenced:
        """Find the objects of the bucket that no version refers to.

        Args:
            older_than: Younger objects are left alone.
            on_progress: Called with the number of objects looked at so far.

        Returns:
            The objects that may go.

        Raises:
            ServerUnavailable: PostgreSQL or the blob store cannot be reached.
        """
        limit = datetime.now(UTC) - older_than
        with self._database.connection() as connection, connection.transaction(READ_ONLY):
            version = last_commit(connection).version
            holders = find_holders(connection, self._registry)
            held = urls_held(connection, holders, self._begin)
        listed, found = 0, []
        for page in self._blobs.objects():
            found += [each for each in page if each.modified < limit and not is_held(each.url, held)]
            listed += len(page)
            on_progress(listed)
        return Unreferenced(tuple(found), listed, version, tuple(holders))

    def remove(
        self, unreferenced: Unreferenced, on_progress: Callable[[int, int], None]
    ) -> list[StoredObject]:
        """Remove what was found, but for what got a reference meanwhile.

        Args:
            unreferenced: What `find` found.
            on_progress: Called with the objects done and the objects to do.

        Returns:
            The objects that were removed.

        Raises:
            ServerUnavailable: PostgreSQL or the blob store cannot be reached.
        """
        removed: list[StoredObject] = []
        total = len(unreferenced.objects)
        for begin in range(0, total, OBJECTS_PER_TURN):
            turn = unreferenced.objects[begin : begin + OBJECTS_PER_TURN]
            removed += self._remove_turn(turn, unreferenced)
            on_progress(begin + len(turn), total)
        return removed

    def _remove_turn(self, turn: Sequence[StoredObject], seen: Unreferenced) -> list[StoredObject]:
        """Remove objects while nobody can commit a reference to them."""
        with self._database.connection() as connection, connection.transaction(READ_WRITE):
            lock_clock(connection)
            held = urls_held_since(connection, seen.holders, self._begin, seen.version)
            free = [found for found in turn if not is_held(found.url, held)]
            if free:
                self._blobs.remove([found.url for found in free])
        return free

    @property
    def _begin(self) -> str:
        return f"s3://{self._blobs.bucket}/"
