"""The copies of one server: its folder, its file, the copier, and places for those who ask."""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Self

import structlog

from vxdata.server.copies.connection import CopyConnection
from vxdata.server.copies.copier import Copier
from vxdata.server.copies.errors import CopiesUnavailable, CopyError
from vxdata.server.copies.file import FileOptions, remove_files
from vxdata.server.copies.progress import Progress
from vxdata.server.copies.status import CopiesState
from vxdata.server.database.semaphore import FairSemaphore
from vxdata.server.embedded.machine import Machine, usable_cpus
from vxdata.server.folder_lock import FolderInUse, lock_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedWriter
    from pathlib import Path

    from vxdata.schemas.catalog.registry import Registry
    from vxdata.server.config import Settings
    from vxdata.server.copies.status import CopiesStatus
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.disk_guard import DiskGuard

FOLDER: Final = "copies"
"""Name of the folder within that of the result cache."""

LEAST_MEMORY: Final = 256 * 1024**2
MOST_MEMORY: Final = 8 * 1024**3
MEMORY_SHARE: Final = 8
"""The copies take an eighth of the machine's memory, within these bounds."""

PURGE_SECONDS: Final = 30.0
"""Seconds that a purge waits for the copies to follow, before their file is dropped."""

log = structlog.get_logger(__name__)


class Copies:
    """The columnar copies of one server.

    Args:
        lock_file: The open lock file of the folder.
        options: What DuckDB may use.
        places: Questions that are answered at a time.
        copier: Fills the file.
        progress: What the copier tells.
        types: How many copies there will be: one for each type, and that of the commit log.
    """

    def __init__(
        self,
        lock_file: BufferedWriter,
        places: int,
        copier: Copier,
        progress: Progress,
        types: int,
    ) -> None:
        """Start the copier."""
        self._lock_file = lock_file
        self._places = FairSemaphore(places, keeps_room=True)
        self._copier = copier
        self._progress = progress
        self._types = types
        copier.start()

    @classmethod
    def open(
        cls, settings: Settings, database: ConnectionPool, registry: Registry, disk: DiskGuard
    ) -> Self | None:
        """Open the copies of an earlier server, or begin new ones, in the background.

        Args:
            settings: How to run.
            database: Connections to PostgreSQL.
            registry: The types that have copies.
            disk: The guard of the database's disk, which the folder may lie on.

        Returns:
            The copies; None where the settings have no folder for them or want none, or the folder cannot be
            used. The last two are logged.
        """
        if settings.cache_dir is None:
            return None
        folder = settings.cache_dir / FOLDER
        try:
            if not settings.copies:
                log.info("copies_off", reason="VXDATA_COPIES")
                _remove(folder)
                return None
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
            lock_file = lock_folder(folder)
        except (FolderInUse, OSError) as problem:
            log.warning("copies_off", reason=str(problem))
            return None
        progress = Progress()
        options = _options(settings, folder)
        guard = disk.shared_with(folder)
        copier = Copier(options, settings.copy_bytes, database, registry, guard, progress)
        return cls(lock_file, settings.copy_queries, copier, progress, len(list(registry)) + 1)

    @contextmanager
    def connection(
        self, *, caller: str = "", wait: float = 0.0, deadline: float = math.inf
    ) -> Iterator[CopyConnection]:
        """Begin a read transaction in the copies for the length of a block.

        Args:
            caller: The caller that it counts for: places are divided among callers.
            wait: Seconds to wait for a place.
            deadline: Time by which the wait must have ended, in seconds of the monotonic clock.

        Yields:
            The connection. What its copies have applied was found in the database's commit log.

        Raises:
            CopiesUnavailable: There is none, or no place.
        """
        until = min(time.monotonic() + wait, deadline)
        with self._places.acquire(max(until - time.monotonic(), 0), caller) as is_admitted:
            if not is_admitted:
                msg = "too many questions at a time"
                raise CopiesUnavailable(msg)
            connection = self._connect()
            try:
                yield connection
            finally:
                connection.close()

    @property
    def is_trusted(self) -> bool:
        """Whether the present file may be asked; false at once when the copier fails."""
        return self._progress.is_proved

    @property
    def has_waiters(self) -> bool:
        """Whether a question waits for a place."""
        return self._places.waiters > 0

    def wake(self) -> None:
        """Tell that there are commits to apply."""
        self._copier.wake()

    def note_purge(self, epoch: int) -> None:
        """Return when nothing that was purged is shown or kept; where that takes long, drop the file.

        Args:
            epoch: Number of purges in the database.
        """
        self._copier.wake()
        state = self.status().state
        if state is CopiesState.CLOSED:  # the next server compares the file with the database before it asks
            return
        if state is CopiesState.WAITING:
            self._copier.drop("resources were purged while the copies waited")
        elif not self._progress.wait_for_purge(epoch, PURGE_SECONDS):
            self._copier.drop(f"resources were purged, and the copies did not follow in {PURGE_SECONDS:g} s")

    def status(self) -> CopiesStatus:
        """Tell how the copies are."""
        return self._progress.status()

    def wait_for(self, version: int, timeout: float) -> bool:
        """Wait until every type has a copy that has applied a commit.

        Args:
            version: Number of the commit.
            timeout: Seconds to wait, at most.

        Returns:
            Whether they have in time.
        """
        self._copier.wake()
        return self._progress.wait_for(version, self._types, timeout)

    def close(self) -> None:
        """Stop the copier, close the file, and release the folder to the next server."""
        self._copier.stop()
        self._lock_file.close()

    def _connect(self) -> CopyConnection:
        cursor, abilities = self._progress.cursor()
        try:
            return CopyConnection(cursor, abilities, self._copier.note_damage)
        except CopyError as error:
            cursor.close()
            raise CopiesUnavailable(error.kind) from error


def _options(settings: Settings, folder: Path) -> FileOptions:
    machine = Machine.detect(folder)
    share = min(max(machine.memory_bytes // MEMORY_SHARE, LEAST_MEMORY), MOST_MEMORY)
    return FileOptions(
        folder,
        settings.copy_memory_bytes or share,
        settings.copy_threads or usable_cpus(),
        settings.copy_bytes,
    )


def _remove(folder: Path) -> None:
    """Remove the files of an earlier server, for one that keeps no copies."""
    if folder.is_dir():
        with lock_folder(folder):
            remove_files(folder)
