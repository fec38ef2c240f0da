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

from vxdata.server.result_cache.entry import InMemory, Kept, OnDisk
from vxdata.server.result_cache.file import AnswerFile, DamagedAnswer
from vxdata.server.result_cache.pending import CannotKeep, Draft

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from io import BufferedWriter
    from pathlib import Path

    from vxdata.server.result_cache.shared_query import Running

MEMORY_BYTES: Final = 64 * 1024 * 1024
"""Most bytes of all answers that are kept in memory."""

REFUSED_SECONDS: Final = 600.0
"""How long an answer that could not be kept is not tried again."""

THREADS: Final = 4
"""Most answers that are written or checked at a time."""

WHOLE: Final = ".answer"
PART: Final = ".part"

log = structlog.get_logger(__name__)


class ShelfInUse(Exception):
    """Another server keeps its answers in the folder."""


class _Row(LRUCache[str, Kept]):
    """Kept answers; those that have to go are removed."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(limit_bytes, getsizeof=lambda kept: kept.size)

    def popitem(self) -> tuple[str, Kept]:
        key, kept = super().popitem()
        kept.remove()
        return key, kept


class Shelf:
    """Keeps the answers of one server.

    Args:
        folder: Where the files are; made if it is not there.
        limit_bytes: Most bytes of all files.

    Raises:
        ShelfInUse: Another server uses the folder.
        OSError: The folder cannot be used.
    """

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        """Take what an earlier server left there, and remove what it left half written."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._limit = limit_bytes
        self._claim = _claimed(folder / "lock")
        self._lock = threading.RLock()
        self._small = _Row(MEMORY_BYTES)
        self._files = _Row(limit_bytes)
        self._on_their_way: dict[str, tuple[Draft, Running]] = {}
        self._reserved: Counter[str] = Counter()
        self._threads = ThreadPoolExecutor(THREADS, "vxdata-answers")
        self._refused: TTLCache[str, bool] = TTLCache(10_000, REFUSED_SECONDS)
        self._purge_epoch: int | None = None
        self._unchecked: set[str] = set()
        self._take_stock()

    def find(self, key: str) -> Kept | None:
        """The answer of a key, if it is kept."""
        with self._lock:
            return self._small.get(key) or (None if key in self._unchecked else self._files.get(key))

    def on_its_way(self, key: str) -> Running | None:
        """The answer of a key, if it is being computed."""
        with self._lock:
            _, running = self._on_their_way.get(key, (None, None))
            return running

    def draft(self, key: str, purge_epoch: int, running: Running) -> Draft | None:
        """Begin to keep an answer; None if that failed a short while ago, or somebody else does.

        Args:
            key: Its key.
            purge_epoch: Number of the last purge before it is computed.
            running: Where others can join its readers.
        """
        with self._lock:
            if key in self._refused or key in self._on_their_way:
                return None
            draft = Draft(self, key, purge_epoch)
            self._on_their_way[key] = draft, running
            return draft

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
            for draft, _ in self._on_their_way.values():
                if draft.purge_epoch != purge_epoch:
                    self._unlink(draft)

    def close(self) -> None:
        """Finish what is being written, and leave the folder to the next server."""
        self._threads.shutdown()
        self._claim.close()

    def create_file(self, draft: Draft) -> AnswerFile:
        """Begin the file of a draft, unless it was given up: nobody would remove the file.

        Raises:
            CannotKeep: The draft was given up, or something was purged since it was begun.
            OSError: The file cannot be written.
        """
        with self._lock:
            self._demand(draft)
            return AnswerFile.create(self._path(draft))

    def reserve(self, draft: Draft, size: int) -> None:
        """Make room for bytes that a draft is about to write.

        Raises:
            CannotKeep: It would fill more than half of the space, or others that are written need it; or
                the draft was given up, or something was purged since it was begun.
        """
        with self._lock:
            self._demand(draft)
            self._reserved[draft.key] += size
            if self._reserved[draft.key] > self._limit // 2:
                self.refuse(draft)
                msg = f"an answer of more than {self._limit // 2:,} bytes is not kept"
                raise CannotKeep(msg)
            while self._files and self._files.currsize + self._reserved.total() > self._limit:
                self._files.popitem()
            if self._reserved.total() > self._limit:
                msg = f"the answers that are being written take all of the {self._limit:,} bytes"
                raise CannotKeep(msg)

    def refuse(self, draft: Draft) -> None:
        """Keep no answer of the draft's key for a while: whoever asks again would meet the same problem.

        What was given up has met none; its file was removed.
        """
        with self._lock:
            if self._is_on_its_way(draft):
                self._refused[draft.key] = True

    def put(self, draft: Draft, kept: Kept) -> None:
        """Keep a finished answer.

        Raises:
            CannotKeep: The draft was given up, or something was purged since it was begun.
            OSError: The file cannot be given its name.
        """
        with self._lock:
            self._demand(draft)
            if isinstance(kept, InMemory):
                self._small[draft.key] = kept
            else:
                kept.rename(self._folder / f"{draft.key}{WHOLE}")
                self._files[draft.key] = kept
            self._forget(draft)

    def abandon(self, draft: Draft) -> None:
        """Forget a draft, and remove what was written of it."""
        with self._lock:
            if self._is_on_its_way(draft):
                self._forget(draft)
                self._unlink(draft)

    def later(self, work: Callable[[], None]) -> Future[None]:
        """Do something in another thread."""
        return self._threads.submit(work)

    def _demand(self, draft: Draft) -> None:
        """Check that a draft may still be kept."""
        if not self._is_on_its_way(draft):
            msg = "nobody reads the answer any more"
            raise CannotKeep(msg)
        if self._purge_epoch not in {None, draft.purge_epoch}:
            msg = "something was purged while the answer was computed"
            raise CannotKeep(msg)

    def _is_on_its_way(self, draft: Draft) -> bool:
        found, _ = self._on_their_way.get(draft.key, (None, None))
        return found is draft

    def _path(self, draft: Draft) -> Path:
        return self._folder / f"{draft.key}{PART}"

    def _forget(self, draft: Draft) -> None:
        del self._on_their_way[draft.key]
        del self._reserved[draft.key]

    def _unlink(self, draft: Draft) -> None:
        try:
            self._path(draft).unlink(missing_ok=True)
        except OSError as error:
            log.warning("answer_not_removed", reason=str(error))

    def _take_stock(self) -> None:
        """Take the files over; each is found once its bytes were checked, those used last first."""
        for leftover in self._folder.glob(f"*{PART}"):
            leftover.unlink()
        found: list[tuple[str, OnDisk]] = []
        for path in sorted(self._folder.glob(f"*{WHOLE}"), key=lambda path: path.stat().st_mtime_ns):
            try:
                found.append((path.stem, _opened(path)))
                self._files[path.stem] = found[-1][1]
            except (DamagedAnswer, OSError, ValueError) as error:  # ValueError: larger than the row
                log.warning("kept_answer_removed", file=path.name, reason=str(error))
                path.unlink(missing_ok=True)
        self._unchecked.update(self._files)
        for key, kept in reversed(found):
            self.later(partial(self._check, key, kept))

    def _check(self, key: str, kept: OnDisk) -> None:
        try:
            kept.check()
        except (DamagedAnswer, OSError) as error:
            log.warning("kept_answer_removed", file=key, reason=str(error))
            self.drop(key)
        with self._lock:
            self._unchecked.discard(key)


def _opened(path: Path) -> OnDisk:
    title = AnswerFile.open(path).title()
    if title.key != path.stem:
        msg = f"{path.name} holds the answer {title.key}"
        raise DamagedAnswer(msg)
    return OnDisk(path, title)


def _claimed(path: Path) -> BufferedWriter:
    claim = path.open("wb")
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        claim.close()
        msg = f"another server keeps its answers in {path.parent}"
        raise ShelfInUse(msg) from error
    return claim
