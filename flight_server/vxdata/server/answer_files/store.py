"""The store: files of answers within bounds; the least recently used that nobody reads goes first."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import threading
from collections import Counter, OrderedDict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from vxdata.schemas.errors import (
    DiskFull,
    LimitExceeded,
    RequestCancelled,
    ServerBusy,
    ServerUnavailable,
)
from vxdata.server.answer_files.file import AnswerFile, LentFile
from vxdata.server.answer_files.folder import FILE_SUFFIX, PENDING_SUFFIX, open_folder
from vxdata.server.answer_files.making import Making, MakingThreads
from vxdata.server.disk_guard import DiskGuard

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import FileIO

    from vxdata.server.answer_files.file import Content

    Make = Callable[["NewFile"], Content]

MAX_FILES: Final = 10_000
"""Files that are kept, at most: something is kept in memory of each."""

SETTING: Final = "VXDATA_ANSWER_BYTES"

FULL: Final = (errno.ENOSPC, errno.EDQUOT)
"""Numbers of errors of a disk without room."""

log = structlog.get_logger(__name__)


class PurgedMeanwhile(Exception):
    """Resources were purged while a file was made: it may hold some of them, and is not kept."""


class NewFile:
    """A file that is being written.

    Args:
        making: Whom it is for.
        file: The open file.
        reserve: Reserves space, or refuses.
        give_way: Removes a file that nobody reads; false if there is none.
    """

    def __init__(
        self,
        making: Making,
        file: FileIO,
        reserve: Callable[[Making, int], None],
        give_way: Callable[[], bool],
    ) -> None:
        """Begin empty."""
        self.is_abandoned = making.is_abandoned
        self._making = making
        self._file = file
        self._reserve = reserve
        self._give_way = give_way

    def write(self, chunk: bytes | memoryview) -> None:
        """Write bytes.

        Raises:
            RequestCancelled: Nobody waits for the file any more.
            LimitExceeded: The file would not fit, even alone.
            ServerBusy: It does not fit beside the files that are made and sent at present.
            DiskFull: The disk has no room, or is that of the database and has too little.
            OSError: The disk fails.
        """
        if self.is_abandoned():
            msg = "Nobody waits for the answer any more."
            raise RequestCancelled(msg)
        self._reserve(self._making, len(chunk))
        left = memoryview(chunk)
        while left:
            left = left[self._written(left) :]

    def _written(self, part: memoryview) -> int:
        """Write as many of some bytes as the disk takes: it may be smaller than the files may be."""
        try:
            return self._file.write(part)
        except OSError as error:
            if error.errno not in FULL:
                raise
            if self._give_way():
                return 0
            msg = "The server's disk has no room for the file; take POST /v1/query, which keeps none."
            raise DiskFull(msg) from error


class AnswerFiles:
    """Keeps the files of one server. A server that starts later begins without them.

    Args:
        folder: Folder of the files, for this server alone; a temporary one if None, or if another server
            uses it.
        limit_bytes: Bytes of all files, at most.
        disk: The guard of the database's disk, which the folder may lie on.

    Raises:
        OSError: No folder can be used.
    """

    def __init__(self, folder: Path | None, limit_bytes: int, disk: DiskGuard | None = None) -> None:
        """Remove what an earlier server has left."""
        self._folder, self._lock_file = open_folder(folder)
        self._disk = (disk or DiskGuard()).shared_with(self._folder)
        self._limit = limit_bytes
        self._lock = threading.RLock()
        self._files: OrderedDict[str, AnswerFile] = OrderedDict()
        self._readers: Counter[str] = Counter()
        self._makings: dict[str, Making] = {}
        self._reserved: Counter[Making] = Counter()
        self._threads = MakingThreads()
        self._purge_epoch = 0
        self._is_closed = False

    def get(
        self, key: str, purge_epoch: int, make: Make, is_cancelled: Callable[[], bool], caller: str = ""
    ) -> LentFile:
        """Return a file, and make it if it is not there; of several who ask at once, one makes it.

        Args:
            key: Key of the file.
            purge_epoch: Number of purges before it.
            make: Writes the bytes and tells what they hold; called in another thread, if at all.
            is_cancelled: Returns whether the caller has gone.
            caller: The caller that its making counts for.

        Returns:
            The file, open.

        Raises:
            RequestCancelled: The caller has gone.
            PurgedMeanwhile: Resources were purged while it was made.
            LimitExceeded: The file is larger than all files together may be.
            ServerBusy: It does not fit beside the files that are made and sent at present.
            Exception: What `make` has raised.
        """
        self.note_purges(purge_epoch)
        while (lent := self._lend(key)) is None:  # again, if it was evicted before it could be opened
            self._making(key, purge_epoch, make, caller).wait(is_cancelled)
        return lent

    def note_purges(self, purge_epoch: int) -> None:
        """Remove all files that may hold rows that were purged; who reads one at present goes on.

        Args:
            purge_epoch: Number of purges in the database so far.
        """
        with self._lock:
            if purge_epoch <= self._purge_epoch:
                return
            self._purge_epoch = purge_epoch
            for key in [key for key, file in self._files.items() if file.purge_epoch < purge_epoch]:
                self._remove(key)

    def close(self) -> None:
        """Give up what is being made, and remove all files."""
        with self._lock:
            self._is_closed = True
        self._threads.shutdown()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._lock_file.close()

    def _lend(self, key: str) -> LentFile | None:
        with self._lock:
            file = self._files.get(key)
            if file is None:
                return None
            try:
                lent = LentFile(file, partial(self._take_back, key))
            except OSError as error:
                log.warning("answer_file_not_read", reason=str(error))
                self._remove(key)
                return None
            self._files.move_to_end(key)
            self._readers[key] += 1
            return lent

    def _take_back(self, key: str) -> None:
        with self._lock:
            self._readers[key] -= 1
            if not self._readers[key]:
                del self._readers[key]

    def _making(self, key: str, purge_epoch: int, make: Make, caller: str) -> Making:
        """Join the making of a file, or begin it."""
        with self._lock:
            if self._is_closed:
                msg = "The server is shutting down; try again."
                raise ServerUnavailable(msg)
            making = self._makings.get(key)
            if making is None or not making.join():
                making = self._makings[key] = Making(key, purge_epoch)
            if making.needs_place(caller):
                self._threads.submit(making, caller, partial(self._make, making, make))
            return making

    def _make(self, making: Making, make: Make) -> None:
        """Make a file, in a thread of its own; whoever waits gets it, or the failure."""
        path: Path | None = None
        try:
            making.require_wanted()
            descriptor, name = self._begin_file()
            path = Path(name)
            with os.fdopen(descriptor, "wb", buffering=0) as opened:
                content = make(NewFile(making, opened, self._reserve, lambda: self._make_room(1)))
            self._put(making, path, content)
        except BaseException as error:  # noqa: BLE001 - whoever waits raises it
            if path is not None:
                path.unlink(missing_ok=True)
            self._forget(making)
            making.done.set_exception(error)

    def _begin_file(self) -> tuple[int, str]:
        try:
            return tempfile.mkstemp(suffix=PENDING_SUFFIX, dir=self._folder)
        except FileNotFoundError:  # what tidies up temporary folders has removed this one
            with self._lock:
                if not self._folder.exists():
                    log.warning("answer_folder_gone", folder=str(self._folder))
                    self._lock_file.close()
                    self._folder, self._lock_file = open_folder(None)
            return tempfile.mkstemp(suffix=PENDING_SUFFIX, dir=self._folder)

    def _put(self, making: Making, path: Path, content: Content) -> None:
        size = path.stat().st_size
        with self._lock:
            if making.purge_epoch < self._purge_epoch:
                raise PurgedMeanwhile
            kept = path.rename(self._folder / f"{making.key}{FILE_SUFFIX}")
            file = AnswerFile(kept, size, making.purge_epoch, content)
            self._files[making.key] = file
            self._forget(making)
            if len(self._files) > MAX_FILES:
                self._remove(next((key for key in self._files if key not in self._readers), making.key))
        making.done.set_result(file)

    def _forget(self, making: Making) -> None:
        with self._lock:
            del self._reserved[making]
            if self._makings.get(making.key) is making:  # another one may have begun since it was given up
                del self._makings[making.key]

    def _reserve(self, making: Making, size: int) -> None:
        """Reserve space for bytes that are about to be written; files that nobody reads give way."""
        self._disk.require_room()
        with self._lock:
            self._reserved[making] += size
            if self._reserved[making] > self._limit:
                msg = (
                    f"The file of this answer takes more than {self._limit:,} bytes ({SETTING}); take "
                    "POST /v1/query, which keeps none."
                )
                raise LimitExceeded(msg, limit=self._limit, setting=SETTING)
            if not self._make_room(self._used() - self._limit):
                msg = (
                    f"The files of answers that are made and sent at present take all of the {self._limit:,} "
                    f"bytes ({SETTING}); try again."
                )
                raise ServerBusy(msg, limit=self._limit)

    def _make_room(self, excess: int) -> bool:
        """Remove files that nobody reads, the least recently used first, of so many bytes if there are."""
        with self._lock:
            for key, file in [*self._files.items()] if excess > 0 else ():
                if key not in self._readers:
                    self._remove(key)
                    excess -= file.size
                    if excess <= 0:
                        break
        return excess <= 0

    def _used(self) -> int:
        return self._reserved.total() + sum(file.size for file in self._files.values())

    def _remove(self, key: str) -> None:
        try:
            self._files.pop(key).path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("answer_file_not_removed", reason=str(error))
