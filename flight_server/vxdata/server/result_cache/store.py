"""The store: all cache entries, within bounds of memory and disk, least recently used evicted first."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog
from cachetools import LRUCache, TTLCache

from vxdata.schemas.errors import DiskFull
from vxdata.server.disk_guard import DiskGuard
from vxdata.server.folder_lock import lock_folder
from vxdata.server.result_cache.entry import CacheEntry, FileEntry, MemoryEntry
from vxdata.server.result_cache.file import CacheFile, DamagedCacheFile
from vxdata.server.result_cache.pending import NotCached, PendingEntry

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from pathlib import Path

    from vxdata.server.result_cache.shared_query import SharedQuery

MEMORY_BYTES: Final = 64 * 1024 * 1024
"""Bytes of all entries in memory, at most."""

REFUSED_SECONDS: Final = 600.0
"""Seconds during which a result that could not be kept is not tried again."""

THREADS: Final = 4
"""Entries that are written or checked at a time, at most."""

ENTRY_SUFFIX: Final = ".result"
PENDING_SUFFIX: Final = ".part"

UNPURGED: Final = -1
"""Stands for the number of the last purge in entries that no purge touches: those of catalogs."""

log = structlog.get_logger(__name__)


class _LruEntries(LRUCache[str, CacheEntry]):
    """Finished entries; an evicted one removes its file."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(limit_bytes, getsizeof=lambda kept: kept.size)

    def popitem(self) -> tuple[str, CacheEntry]:
        key, kept = super().popitem()
        kept.remove()
        return key, kept


class CacheStore:
    """Keeps the cache entries of one server.

    Args:
        folder: Folder of the files; created if it does not exist.
        limit_bytes: Bytes of all files, at most.
        disk: The guard of the database's disk, which the folder may lie on.

    Raises:
        FolderInUse: Another server uses the folder.
        OSError: The folder cannot be used.
    """

    def __init__(self, folder: Path, limit_bytes: int, disk: DiskGuard | None = None) -> None:
        """Adopt the complete files of an earlier server, and remove its incomplete ones."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._disk = (disk or DiskGuard()).shared_with(folder)
        self._limit = limit_bytes
        self._lock_file = lock_folder(folder)
        self._lock = threading.RLock()
        self._small = _LruEntries(MEMORY_BYTES)
        self._files = _LruEntries(limit_bytes)
        self._in_flight: dict[str, tuple[PendingEntry, SharedQuery]] = {}
        self._reserved: Counter[str] = Counter()
        self._threads = ThreadPoolExecutor(THREADS, "vxdata-cache")
        self._refused: TTLCache[str, bool] = TTLCache(10_000, REFUSED_SECONDS)
        self._purge_epoch: int | None = None
        self._unchecked: set[str] = set()
        self._adopt_files()

    def find(self, key: str) -> CacheEntry | None:
        """Return the finished entry of a key, if there is one."""
        with self._lock:
            return self._small.get(key) or (None if key in self._unchecked else self._files.get(key))

    def in_flight(self, key: str) -> SharedQuery | None:
        """Return the running query of a key, if there is one."""
        with self._lock:
            _, query = self._in_flight.get(key, (None, None))
            return query

    def begin_entry(self, key: str, purge_epoch: int, query: SharedQuery) -> PendingEntry | None:
        """Begin an entry.

        Args:
            key: Key of the result.
            purge_epoch: Number of the last purge before the result is computed.
            query: The query that later readers can join.

        Returns:
            The entry; None if one is pending already, or keeping it failed a short while ago.
        """
        with self._lock:
            if key in self._refused or key in self._in_flight:
                return None
            entry = PendingEntry(self, key, purge_epoch)
            self._in_flight[key] = entry, query
            return entry

    def drop(self, key: str) -> None:
        """Remove the file of a key."""
        with self._lock:
            if (kept := self._files.pop(key, None)) is not None:
                kept.remove()

    def note_purges(self, purge_epoch: int) -> None:
        """Remove all entries, pending ones too, that may hold rows that were purged.

        Args:
            purge_epoch: Number of purges in the database so far. The first call removes every entry with
                another number, since it may come from another database.
        """
        if purge_epoch == UNPURGED:
            return
        with self._lock:
            if self._purge_epoch is not None and purge_epoch <= self._purge_epoch:
                return
            self._purge_epoch = purge_epoch
            for entries in (self._small, self._files):
                kept_on = {UNPURGED, purge_epoch}
                for key in [key for key, kept in entries.items() if kept.purge_epoch not in kept_on]:
                    entries.pop(key).remove()
            for entry, _ in self._in_flight.values():
                if entry.purge_epoch not in {UNPURGED, purge_epoch}:
                    self._unlink(entry)

    def close(self) -> None:
        """Finish the files that are being written, and release the folder to the next server."""
        self._threads.shutdown()
        self._lock_file.close()

    def create_file(self, entry: PendingEntry) -> CacheFile:
        """Create the file of a pending entry; one that was given up gets none, as none would remove it.

        Raises:
            NotCached: The entry was given up, or resources were purged since it was begun.
            OSError: The file cannot be written.
        """
        with self._lock:
            self._require_in_flight(entry)
            return CacheFile.create(self._path(entry))

    def reserve(self, entry: PendingEntry, size: int) -> None:
        """Reserve room for bytes that a pending entry is about to write.

        Raises:
            NotCached: The entry would fill more than half of the space, or other pending entries need the
                space, or the database does; or the entry was given up, or resources were purged since it
                was begun.
        """
        try:
            self._disk.require_room()
        except DiskFull as full:
            raise NotCached(full.message) from full
        with self._lock:
            self._require_in_flight(entry)
            self._reserved[entry.key] += size
            if self._reserved[entry.key] > self._limit // 2:
                self.refuse(entry)
                msg = f"a result of more than {self._limit // 2:,} bytes is not cached"
                raise NotCached(msg)
            while self._files and self._files.currsize + self._reserved.total() > self._limit:
                self._files.popitem()
            if self._reserved.total() > self._limit:
                msg = f"the results that are being written take all of the {self._limit:,} bytes"
                raise NotCached(msg)

    def refuse(self, entry: PendingEntry) -> None:
        """Keep no result of the entry's key for a while: the next attempt would meet the same problem.

        An entry that was given up is not counted: its write failed only because its file was removed.
        """
        with self._lock:
            if self._is_in_flight(entry):
                self._refused[entry.key] = True

    def put(self, entry: PendingEntry, kept: CacheEntry) -> None:
        """Replace a pending entry by the finished one.

        Raises:
            NotCached: The entry was given up, or resources were purged since it was begun.
            OSError: The file cannot be given its name.
        """
        with self._lock:
            self._require_in_flight(entry)
            if isinstance(kept, MemoryEntry):
                self._small[entry.key] = kept
            else:
                kept.rename(self._folder / f"{entry.key}{ENTRY_SUFFIX}")
                self._files[entry.key] = kept
            self._forget(entry)

    def abandon(self, entry: PendingEntry) -> None:
        """Drop a pending entry, its reservation and its file."""
        with self._lock:
            if self._is_in_flight(entry):
                self._forget(entry)
                self._unlink(entry)

    def submit(self, work: Callable[[], None]) -> Future[None]:
        """Run a function in a thread of the store."""
        return self._threads.submit(work)

    def _require_in_flight(self, entry: PendingEntry) -> None:
        """Check that a pending entry may still be kept."""
        if not self._is_in_flight(entry):
            msg = "no caller reads the result any more"
            raise NotCached(msg)
        if entry.purge_epoch != UNPURGED and self._purge_epoch not in {None, entry.purge_epoch}:
            msg = "resources were purged while the result was computed"
            raise NotCached(msg)

    def _is_in_flight(self, entry: PendingEntry) -> bool:
        found, _ = self._in_flight.get(entry.key, (None, None))
        return found is entry

    def _path(self, entry: PendingEntry) -> Path:
        return self._folder / f"{entry.key}{PENDING_SUFFIX}"

    def _forget(self, entry: PendingEntry) -> None:
        del self._in_flight[entry.key]
        del self._reserved[entry.key]

    def _unlink(self, entry: PendingEntry) -> None:
        try:
            self._path(entry).unlink(missing_ok=True)
        except OSError as error:
            log.warning("cache_file_not_removed", reason=str(error))

    def _adopt_files(self) -> None:
        """Adopt the files. Each can be found once its bytes are checked; the last used are checked first."""
        for leftover in self._folder.glob(f"*{PENDING_SUFFIX}"):
            leftover.unlink()
        found: list[tuple[str, FileEntry]] = []
        for path in sorted(self._folder.glob(f"*{ENTRY_SUFFIX}"), key=lambda path: path.stat().st_mtime_ns):
            try:
                found.append((path.stem, _opened(path)))
                self._files[path.stem] = found[-1][1]
            except (DamagedCacheFile, OSError, ValueError) as error:  # ValueError: the file exceeds the limit
                log.warning("cache_file_removed", file=path.name, reason=str(error))
                path.unlink(missing_ok=True)
        self._unchecked.update(self._files)
        for key, kept in reversed(found):
            self.submit(partial(self._check, key, kept))

    def _check(self, key: str, kept: FileEntry) -> None:
        try:
            kept.check()
        except (DamagedCacheFile, OSError) as error:
            log.warning("cache_file_removed", file=key, reason=str(error))
            self.drop(key)
        with self._lock:
            self._unchecked.discard(key)


def remove_files(folder: Path) -> None:
    """Remove the files of an earlier server, for one that keeps no results.

    Args:
        folder: Folder of the files; it need not exist.

    Raises:
        FolderInUse: Another server uses the folder.
        OSError: A file cannot be removed.
    """
    if not folder.is_dir():
        return
    with lock_folder(folder):
        files = [*folder.glob(f"*{ENTRY_SUFFIX}"), *folder.glob(f"*{PENDING_SUFFIX}")]
        size = sum(file.stat().st_size for file in files)
        for file in files:
            file.unlink()
    if files:
        log.info("cache_files_removed", files=len(files), bytes=size)


def _opened(path: Path) -> FileEntry:
    footer = CacheFile.open(path).footer()
    if footer.key != path.stem:
        msg = f"{path.name} holds the result {footer.key}"
        raise DamagedCacheFile(msg)
    return FileEntry(path, footer)
