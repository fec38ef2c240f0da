"""The copier: the thread that fills the copies and keeps them up to date."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, Final

import structlog

from vxdata.schemas.errors import VxDataError
from vxdata.server.copies.applied import read_applied
from vxdata.server.copies.copying import Copying, row_count, run
from vxdata.server.copies.errors import CopyError, FileDamaged, translated
from vxdata.server.copies.failures import (
    REBUILD_SECONDS,
    FileRemoved,
    FileTooLarge,
    FolderRemoved,
    Purged,
    consequence,
)
from vxdata.server.copies.file import CopyFile, remove_files
from vxdata.server.copies.folding import fold_alike
from vxdata.server.copies.purge import without_purged
from vxdata.server.copies.rounds import build, follow, missing_types
from vxdata.server.copies.source import read_clock
from vxdata.server.copies.status import CopiesState
from vxdata.server.database.errors import DatabaseError
from vxdata.server.database.pool import Lane
from vxdata.sql.copies import apply
from vxdata.sql.query.engines import Abilities

if TYPE_CHECKING:
    from vxdata.schemas.catalog.registry import Registry
    from vxdata.server.copies.file import FileOptions
    from vxdata.server.copies.progress import Progress
    from vxdata.server.copies.source import Clock
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.disk_guard import DiskGuard

POLL_SECONDS: Final = 1.0
"""Seconds after which the copier looks for commits of other servers."""

RECLAIM_ROWS: Final = 10_000
"""Rows that may be moved before the copier reclaims the room of removed ones, once it has time."""

MOST_REST: Final = 1.0
"""Seconds that it rests after a round, at most. It rests as long as the round took: half of one core."""

log = structlog.get_logger(__name__)


class Stopped(Exception):
    """The copier was told to stop, or its file was dropped."""


class Copier:
    """Fills the copies and keeps them up to date, in a thread of its own.

    Args:
        options: What DuckDB may use; the folder is locked.
        limit_bytes: Bytes of the file, at most.
        database: Connections to PostgreSQL.
        registry: The types that have copies.
        disk: The guard of the disk that the folder lies on.
        progress: What it tells others by.
    """

    def __init__(
        self,
        options: FileOptions,
        limit_bytes: int,
        database: ConnectionPool,
        registry: Registry,
        disk: DiskGuard,
        progress: Progress,
    ) -> None:
        """Begin with nothing; `start` starts the thread."""
        self._options = options
        self._limit = limit_bytes
        self._database = database
        self._registry = registry
        self._disk = disk
        self._progress = progress
        self._file: CopyFile | None = None
        self._followed: Clock | None = None
        self._moved = 0
        self._failures = 0
        self._rebuilt = -REBUILD_SECONDS
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._damage: CopyError | None = None
        self._dropped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="vxdata-copier", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def wake(self) -> None:
        """Tell that there are commits to apply."""
        self._woken.set()

    def note_damage(self, failure: CopyError) -> None:
        """Tell that DuckDB could not read its file."""
        self._damage = failure
        self._progress.distrust()
        self.wake()

    def drop(self, reason: str) -> None:
        """Remove all files now, whatever the copier does; they are made anew."""
        log.warning("copies_dropped", reason=reason)
        try:
            if (file := self._progress.withdraw()) is not None:
                file.discard()
            remove_files(self._options.folder)
        finally:
            self._dropped.set()  # last: what the copier makes before is removed or let go
            self.wake()

    def stop(self) -> None:
        """End the thread, and close the file."""
        self._stopping.set()
        self.wake()
        self._thread.join()
        if (file := self._progress.withdraw()) is not None:
            file.close()
        self._progress.set_state(CopiesState.CLOSED)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            began = time.monotonic()
            try:
                has_worked = self._step()
                rest = min(time.monotonic() - began, MOST_REST) if has_worked else 0.0
                wait, self._failures = POLL_SECONDS, 0
            except Stopped:
                rest = wait = 0.0
            except Exception as failure:  # noqa: BLE001 - no failure ends the thread or reaches a reader
                rest, wait = self._after(failure), 0.0
            self._stopping.wait(rest)
            self._woken.wait(wait)

    def _step(self) -> bool:
        """Do what is next: open the file, make the copy of one type, or apply what is new.

        Returns:
            Whether it has applied something, and should rest.
        """
        if self._dropped.is_set():
            self._dropped.clear()
            self._file = self._followed = None
        if self._damage is not None:
            failure, self._damage = self._damage, None
            raise failure
        if self._file is None:
            self._file = self._open()
        if not self._options.folder.exists():
            raise FolderRemoved
        if not self._file.is_there:
            raise FileRemoved
        if self._file.size_bytes > self._limit:
            raise FileTooLarge
        with self._database.connection(Lane.LOOKUP) as connection:
            clock = read_clock(connection)
        if clock == self._followed:
            self._progress.trust()
            if self._moved > RECLAIM_ROWS:
                self._reclaim(self._file)
            return False
        self._disk.require_room()
        return self._bring_up(
            Copying(self._database, self._registry, self._file, self._check, self._progress.distrust)
        )

    def _open(self) -> CopyFile:
        """Open the file, and read all of it once."""
        self._progress.set_state(CopiesState.OPENING)
        self._disk.require_room()
        began = time.monotonic()
        file = CopyFile.open_newest(self._options, self._registry)
        try:
            file.verify(self._registry)
        except FileDamaged:
            file.discard()
            raise
        abilities = self._abilities_of(file)
        seconds = round(time.monotonic() - began, 3)
        log.info("copies_opened", bytes=file.size_bytes, seconds=seconds, folds_case=abilities.folds_case)
        if (before := self._progress.publish(file, abilities)) is not None:
            before.close()
        return file

    def _abilities_of(self, file: CopyFile) -> Abilities:
        """Make a file take the case from letters as PostgreSQL does."""
        with self._database.connection(Lane.COPY) as connection, closing(file.cursor()) as cursor:
            return Abilities(fold_alike(connection, cursor))

    def _bring_up(self, copying: Copying) -> bool:
        """Apply what is new; then make the next copy that is missing."""
        began = time.monotonic()
        try:
            clock, rows = follow(copying)
        except Purged:
            self._follow_purge(copying)
            self.wake()  # for what else is new
            return False
        if rows:
            seconds = round(time.monotonic() - began, 3)
            log.debug("copies_moved", version=clock.version, rows=dict(rows), seconds=seconds)
            self._moved += sum(rows.values())
        with copying.cursor() as cursor, translated():
            applied = read_applied(cursor)
            counts = {name: row_count(cursor, name, self._registry) for name in applied}
        missing = missing_types(copying, applied)
        self._progress.note(
            CopiesState.BUILDING if missing else CopiesState.READY,
            applied=applied,
            rows=counts,
            version=clock.version,
            purge_epoch=clock.purge_epoch,
        )
        if missing:
            self._build(copying, missing[0])
            self.wake()  # for the next one
            return False
        self._followed = clock
        if self._moved > sum(counts.values()) // 2 + RECLAIM_ROWS:
            self._reclaim(copying.file)
        return bool(rows)

    def _reclaim(self, file: CopyFile) -> None:
        """Let the file get smaller, or use the room for other rows."""
        began = time.monotonic()
        with closing(file.cursor()) as cursor:
            run(cursor, *apply.RECLAIM)
        log.debug("copies_reclaimed", bytes=file.size_bytes, seconds=round(time.monotonic() - began, 3))
        self._moved = 0

    def _follow_purge(self, copying: Copying) -> None:
        """Go on in a file without what was purged, and remove the present one."""
        began = time.monotonic()
        file = without_purged(copying, self._options)
        try:
            abilities = self._abilities_of(file)
        except BaseException:
            file.discard()
            raise
        before = self._progress.replace(file, abilities)
        self._file = file
        if before is not None:
            before.discard()
        seconds = round(time.monotonic() - began, 3)
        log.info("copies_purged", bytes=file.size_bytes, seconds=seconds)

    def _build(self, copying: Copying, resource_type: str) -> None:
        began = time.monotonic()
        applied, rows = build(copying, resource_type)
        seconds = round(time.monotonic() - began, 3)
        log.info("copy_made", type=resource_type, version=applied.version, rows=rows, seconds=seconds)

    def _check(self) -> None:
        """End what runs if it has to."""
        if self._stopping.is_set() or self._dropped.is_set():
            raise Stopped
        self._disk.require_room()
        if self._file is not None and self._file.size_bytes > self._limit:
            raise FileTooLarge

    def _after(self, failure: Exception) -> float:
        """Do what a failure demands.

        Returns:
            Seconds until the next attempt.
        """
        self._failures += 1
        self._followed = None
        decided = consequence(failure, self._failures)
        if not isinstance(failure, (CopyError, DatabaseError, VxDataError)):
            log.debug("copier_failed", exc_info=failure)
        if not decided.may_answer:
            self._progress.distrust()
        if not decided.keeps_file:
            self._discard(decided.reason)
        seconds = self._until_rebuild() if decided.is_damage else decided.seconds
        if seconds:
            log.warning("copies_off", reason=decided.reason, retry_seconds=round(seconds, 3))
            self._progress.set_state(CopiesState.WAITING, decided.reason)
        return seconds

    def _until_rebuild(self) -> float:
        """Seconds until the file may be made anew because of damage; none where the last time is long ago."""
        now = time.monotonic()
        seconds = max(self._rebuilt + REBUILD_SECONDS - now, 0.0)
        self._rebuilt = now + seconds
        return seconds

    def _discard(self, reason: str) -> None:
        """Remove the file; the next step makes another one."""
        log.warning("copies_made_anew", reason=reason)
        self._file, file = None, self._progress.withdraw()
        try:
            if file is not None:
                file.discard()
        except OSError as problem:  # the next file has another name, and removes what is left
            log.warning("copies_not_removed", reason=str(problem))
