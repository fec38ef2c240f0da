"""The disk space for what waits for slow clients: uploads that arrive, and results that nobody takes."""

from __future__ import annotations

import os
import tempfile
import threading
from pathlib import Path
from typing import ClassVar

from vxdata.server.disk_guard import DiskGuard
from vxdata.server.record_file import RecordFile


class NoSpace(Exception):
    """There is no space at the moment."""


class SpoolSpace:
    """The disk space that all slow clients share.

    Args:
        folder: Folder of the files; that of temporary files by default. The files have no names, so none is
            left behind.
        limit_bytes: Bytes in files, at most.
        disk: The guard of the database's disk, which the folder may lie on.

    Attributes:
        disk: That guard.
    """

    SETTING: ClassVar = "VXDATA_SPOOL_BYTES"
    """Setting of the limit, for the errors."""

    def __init__(
        self,
        folder: Path | None = None,
        limit_bytes: int = 64 * 1024**3,
        disk: DiskGuard | None = None,
    ) -> None:
        """Begin with all space free."""
        self.limit_bytes = limit_bytes
        self._folder = folder
        self.disk = disk or DiskGuard()
        self._own_disk = self.disk.shared_with(folder or Path(tempfile.gettempdir()))
        self._used = 0
        self._lock = threading.Lock()

    @property
    def used_bytes(self) -> int:
        """Bytes that are reserved."""
        return self._used

    def create_file(self) -> RecordFile:
        """Create a file without a name.

        Raises:
            OSError: The folder cannot be written.
        """
        with tempfile.TemporaryFile(dir=self._folder, buffering=0) as file:
            return RecordFile(os.dup(file.fileno()))

    def reserve(self, size: int) -> None:
        """Reserve space for bytes that are about to be written.

        Raises:
            NoSpace: There is not as much left.
            DiskFull: The disk is that of the database, and has too little room.
        """
        self._own_disk.require_room()
        with self._lock:
            if self._used + size > self.limit_bytes:
                msg = f"{self._used:,} of {self.limit_bytes:,} bytes are taken"
                raise NoSpace(msg)
            self._used += size

    def release(self, size: int) -> None:
        """Give reserved space back."""
        with self._lock:
            self._used -= size
