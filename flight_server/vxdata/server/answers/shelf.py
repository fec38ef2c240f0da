"""The shelf: whole answers, within bounds of memory and disk; the least recently used go first."""

from __future__ import annotations

import fcntl
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import structlog
from cachetools import LRUCache

from vxdata.server.answers.draft import CannotKeep, Draft
from vxdata.server.answers.file import AnswerFile, DamagedAnswer
from vxdata.server.answers.kept import InMemory, Kept, OnDisk

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import BufferedWriter
    from pathlib import Path

    from vxdata.server.answers.running import Running

MEMORY_BYTES: Final = 64 * 1024 * 1024
"""Most bytes of all answers that are kept in memory."""

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
        self._finishing = ThreadPoolExecutor(1, "vxdata-answers")
        self._too_large: LRUCache[str, bool] = LRUCache(10_000)
        self._purge_epoch = 0
        self._take_stock()

    def find(self, key: str) -> Kept | None:
        """The answer of a key, if it is kept."""
        with self._lock:
            return self._small.get(key) or self._files.get(key)

    def on_its_way(self, key: str) -> Running | None:
        """The answer of a key, if it is being computed."""
        with self._lock:
            _, running = self._on_their_way.get(key, (None, None))
            return running

    def draft(self, key: str, purge_epoch: int, running: Running) -> Draft | None:
        """Begin to keep an answer; None if it was too large before, or another one of its key is kept.

        Args:
            key: Its key.
            purge_epoch: Number of the last purge before it is computed.
            running: Where others can join its readers.
        """
        with self._lock:
            if key in self._too_large or key in self._on_their_way:
                return None
            draft = Draft(self, key, purge_epoch)
            self._on_their_way[key] = draft, running
            return draft

    def drop(self, key: str) -> None:
        """Remove an answer."""
        with self._lock:
            for row in (self._small, self._files):
                if (kept := row.pop(key, None)) is not None:
                    kept.remove()

    def note_purges(self, purge_epoch: int) -> None:
        """Remove all answers that may hold what was purged.

        Args:
            purge_epoch: Number of purges so far; answers from before the last of them go.
        """
        with self._lock:
            if purge_epoch <= self._purge_epoch:
                return
            self._purge_epoch = purge_epoch
            for row in (self._small, self._files):
                for key in [key for key, kept in row.items() if kept.purge_epoch < purge_epoch]:
                    self.drop(key)

    def note_purge(self) -> None:
        """Remove all answers from before a purge that has just been committed."""
        with self._lock:
            self.note_purges(self._purge_epoch + 1)

    def close(self) -> None:
        """Finish what is being written, and leave the folder to the next server."""
        self._finishing.shutdown()
        self._claim.close()

    def path(self, key: str) -> Path:
        """Where the file of a draft is."""
        return self._folder / f"{key}{PART}"

    def reserve(self, draft: Draft, size: int) -> None:
        """Make room for bytes that a draft is about to write.

        Raises:
            CannotKeep: It would fill more than half of the space.
        """
        with self._lock:
            self._reserved[draft.key] += size
            if self._reserved[draft.key] > self._limit // 2:
                self._too_large[draft.key] = True
                msg = f"an answer of more than {self._limit // 2:,} bytes is not kept"
                raise CannotKeep(msg)
            while self._files and self._files.currsize + self._reserved.total() > self._limit:
                self._files.popitem()

    def put(self, draft: Draft, kept: Kept) -> None:
        """Keep a finished answer.

        Raises:
            CannotKeep: There was a purge meanwhile, or the file cannot be given its name.
        """
        with self._lock:
            if kept.purge_epoch < self._purge_epoch:
                msg = "something was purged while the answer was computed"
                raise CannotKeep(msg)
            if isinstance(kept, InMemory):
                self._small[draft.key] = kept
            else:
                kept.rename(self._folder / f"{draft.key}{WHOLE}")
                self._files[draft.key] = kept
            self._forget(draft)

    def abandon(self, draft: Draft) -> None:
        """Forget a draft, and remove what was written of it."""
        with self._lock:
            self._forget(draft)
            try:
                self.path(draft.key).unlink(missing_ok=True)
            except OSError as error:
                log.warning("answer_not_removed", reason=str(error))

    def later(self, work: Callable[[], None]) -> None:
        """Do something when there is time."""
        self._finishing.submit(work)

    def _forget(self, draft: Draft) -> None:
        del self._on_their_way[draft.key]
        del self._reserved[draft.key]

    def _take_stock(self) -> None:
        for leftover in self._folder.glob(f"*{PART}"):
            leftover.unlink()
        found = [(path.stat().st_mtime_ns, path) for path in self._folder.glob(f"*{WHOLE}")]
        for _, path in sorted(found):
            try:
                kept = _opened(path)
            except (DamagedAnswer, OSError) as error:
                log.warning("kept_answer_removed", file=path.name, reason=str(error))
                path.unlink(missing_ok=True)
            else:
                if kept.size > self._limit:
                    kept.remove()
                else:
                    self._files[path.stem] = kept
                    self._purge_epoch = max(self._purge_epoch, kept.purge_epoch)


def _opened(path: Path) -> OnDisk:
    title = AnswerFile.open(path).title()
    if title.key != path.stem:
        msg = f"{path.name} holds the answer {title.key}"
        raise DamagedAnswer(msg)
    return OnDisk(path, title, is_checked=False)


def _claimed(path: Path) -> BufferedWriter:
    claim = path.open("wb")
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        claim.close()
        msg = f"another server keeps its answers in {path.parent}"
        raise ShelfInUse(msg) from error
    return claim
