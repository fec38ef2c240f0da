"""The shelf: whole answers, within bounds of memory and disk; the least recently used go first."""

from __future__ import annotations

import fcntl
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog
from cachetools import LRUCache, TTLCache

from vxdata.server.result_cache.entry import CacheEntry, FileEntry, MemoryEntry
from vxdata.server.result_cache.file import CacheFile, DamagedCacheFile
from vxdata.server.result_cache.pending import NotCached, PendingEntry

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from io import BufferedWriter
    from pathlib import Path

    from vxdata.server.result_cache.shared_query import SharedQuery

MEMORY_BYTES: Final = 64 * 1024 * 1024
"""Most bytes of all answers that are kept in memory."""

REFUSED_SECONDS: Final = 600.0
"""How long an answer that could not be kept is not tried again."""

THREADS: Final = 4
"""Most answers that are written or checked at a time."""

ENTRY_SUFFIX: Final = ".answer"
PENDING_SUFFIX: Final = ".part"

log = structlog.get_logger(__name__)


class CacheStoreInUse(Exception):
    """Another server keeps its answers in the folder."""


class _LruEntries(LRUCache[str, CacheEntry]):
    """Kept answers; those that have to go are removed."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(limit_bytes, getsizeof=lambda kept: kept.size)

    def popitem(self) -> tuple[str, CacheEntry]:
        key, kept = super().popitem()
        kept.remove()
        return key, kept


class CacheStore:
    """Keeps the answers of one server.

    Args:
        folder: Where the files are; made if it is not there.
        limit_bytes: Most bytes of all files.

    Raises:
        CacheStoreInUse: Another server uses the folder.
        OSError: The folder cannot be used.
    """

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        """Take what an earlier server left there, and remove what it left half written."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._limit = limit_bytes
        self._lock_file = _locked(folder / "lock")
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
        """The answer of a key, if it is kept."""
        with self._lock:
            return self._small.get(key) or (None if key in self._unchecked else self._files.get(key))

    def in_flight(self, key: str) -> SharedQuery | None:
        """The answer of a key, if it is being computed."""
        with self._lock:
            _, query = self._in_flight.get(key, (None, None))
            return query

    def begin_entry(self, key: str, purge_epoch: int, query: SharedQuery) -> PendingEntry | None:
        """Begin to keep an answer; None if that failed a short while ago, or somebody else does.

        Args:
            key: Its key.
            purge_epoch: Number of the last purge before it is computed.
            query: Where others can join its readers.
        """
        with self._lock:
            if key in self._refused or key in self._in_flight:
                return None
            entry = PendingEntry(self, key, purge_epoch)
            self._in_flight[key] = entry, query
            return entry

    def drop(self, key: str) -> None:
        """Remove an answer."""
        with self._lock:
            if (kept := self._files.pop(key, None)) is not None:
                kept.remove()

    def note_purges(self, purge_epoch: int) -> None:
        """Remove all answers that may hold what was purged, those that are being written included.

        Args:
            purge_epoch: Number of purges in the database so far. At first, whatever is of another number
                goes: it may be of another database.
        """
        with self._lock:
            if self._purge_epoch is not None and purge_epoch <= self._purge_epoch:
                return
            self._purge_epoch = purge_epoch
            for row in (self._small, self._files):
                for key in [key for key, kept in row.items() if kept.purge_epoch != purge_epoch]:
                    row.pop(key).remove()
            for entry, _ in self._in_flight.values():
                if entry.purge_epoch != purge_epoch:
                    self._unlink(entry)

    def close(self) -> None:
        """Finish what is being written, and leave the folder to the next server."""
        self._threads.shutdown()
        self._lock_file.close()

    def create_file(self, entry: PendingEntry) -> CacheFile:
        """Begin the file of a draft, unless it was given up: nobody would remove the file.

        Raises:
            NotCached: The draft was given up, or something was purged since it was begun.
            OSError: The file cannot be written.
        """
        with self._lock:
            self._require_in_flight(entry)
            return CacheFile.create(self._path(entry))

    def reserve(self, entry: PendingEntry, size: int) -> None:
        """Make room for bytes that a draft is about to write.

        Raises:
            NotCached: It would fill more than half of the space, or others that are written need it; or
                the draft was given up, or something was purged since it was begun.
        """
        with self._lock:
            self._require_in_flight(entry)
            self._reserved[entry.key] += size
            if self._reserved[entry.key] > self._limit // 2:
                self.refuse(entry)
                msg = f"an answer of more than {self._limit // 2:,} bytes is not kept"
                raise NotCached(msg)
            while self._files and self._files.currsize + self._reserved.total() > self._limit:
                self._files.popitem()
            if self._reserved.total() > self._limit:
                msg = f"the answers that are being written take all of the {self._limit:,} bytes"
                raise NotCached(msg)

    def refuse(self, entry: PendingEntry) -> None:
        """Keep no answer of the draft's key for a while: whoever asks again would meet the same problem.

        What was given up has met none; its file was removed.
        """
        with self._lock:
            if self._is_in_flight(entry):
                self._refused[entry.key] = True

    def put(self, entry: PendingEntry, kept: CacheEntry) -> None:
        """Keep a finished answer.

        Raises:
            NotCached: The draft was given up, or something was purged since it was begun.
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
        """Forget a draft, and remove what was written of it."""
        with self._lock:
            if self._is_in_flight(entry):
                self._forget(entry)
                self._unlink(entry)

    def submit(self, work: Callable[[], None]) -> Future[None]:
        """Do something in another thread."""
        return self._threads.submit(work)

    def _require_in_flight(self, entry: PendingEntry) -> None:
        """Check that a draft may still be kept."""
        if not self._is_in_flight(entry):
            msg = "nobody reads the answer any more"
            raise NotCached(msg)
        if self._purge_epoch not in {None, entry.purge_epoch}:
            msg = "something was purged while the answer was computed"
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
            log.warning("answer_not_removed", reason=str(error))

    def _adopt_files(self) -> None:
        """Take the files over; each is found once its bytes were checked, those used last first."""
        for leftover in self._folder.glob(f"*{PENDING_SUFFIX}"):
            leftover.unlink()
        found: list[tuple[str, FileEntry]] = []
        for path in sorted(self._folder.glob(f"*{ENTRY_SUFFIX}"), key=lambda path: path.stat().st_mtime_ns):
            try:
                found.append((path.stem, _opened(path)))
                self._files[path.stem] = found[-1][1]
            except (DamagedCacheFile, OSError, ValueError) as error:  # ValueError: larger than the row
                log.warning("kept_answer_removed", file=path.name, reason=str(error))
                path.unlink(missing_ok=True)
        self._unchecked.update(self._files)
        for key, kept in reversed(found):
            self.submit(partial(self._check, key, kept))

    def _check(self, key: str, kept: FileEntry) -> None:
        try:
            kept.check()
        except (DamagedCacheFile, OSError) as error:
            log.warning("kept_answer_removed", file=key, reason=str(error))
            self.drop(key)
        with self._lock:
            self._unchecked.discard(key)


def _opened(path: Path) -> FileEntry:
    footer = CacheFile.open(path).footer()
    if footer.key != path.stem:
        msg = f"{path.name} holds the answer {footer.key}"
        raise DamagedCacheFile(msg)
    return FileEntry(path, footer)


def _locked(path: Path) -> BufferedWriter:
    lock_file = path.open("wb")
    try:
        fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock_file.close()
        msg = f"another server keeps its answers in {path.parent}"
        raise CacheStoreInUse(msg) from error
    return lock_file
