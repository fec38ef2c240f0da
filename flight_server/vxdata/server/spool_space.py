"""The disk space for what waits for slow clients: uploads that arrive, and results that nobody takes."""

from __future__ import annotations

import os
import tempfile
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from vxdata.server.disk_guard import DiskGuard
from vxdata.server.record_file import RecordFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from vxdata.server.record_file import Segment


class NoSpace(Exception):
    """There is no space at the moment."""


class SpoolSpace:
    """The disk space that all slow clients share.

    Args:
        folder: Folder of the files; that of temporary files by default. The files have no names, so none is
            left behind.
        limit_bytes: Bytes in files, at most.
        disk: The guard of the database's disk, which the folder may lie on.
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
        self._disk = (disk or DiskGuard()).shared_with(folder or Path(tempfile.gettempdir()))
        self._used = 0
        self._lock = threading.Lock()

    @property
    def used_bytes(self) -> int:
        """Bytes that are reserved."""
        return self._used

    def create_file(self) -> RecordFile:
        """Create a file without a name; raises OSError if the folder cannot be written."""
        with tempfile.TemporaryFile(dir=self._folder, buffering=0) as file:
            return RecordFile(os.dup(file.fileno()))

    def reserve(self, size: int) -> None:
        """Reserve space for bytes that are about to be written.

        Raises:
            NoSpace: There is not as much left.
            DiskFull: The disk is that of the database, and has too little room.
        """
        self._disk.require_room()
        with self._lock:
            if self._used + size > self.limit_bytes:
                msg = f"{self._used:,} of {self.limit_bytes:,} bytes are taken"
                raise NoSpace(msg)
            self._used += size

    def release(self, size: int) -> None:
        """Give reserved space back."""
        with self._lock:
            self._used -= size


class SpoolFile:
    """A file in the space, made when something is written to it. It gives its space back when it is dropped.

    Args:
        space: The space that it takes its part of.
    """

    def __init__(self, space: SpoolSpace) -> None:
        """Begin without a file."""
        self._space = space
        self._file: RecordFile | None = None
        self._sizes: list[int] = []
        weakref.finalize(self, _release, space, self._sizes)

    @property
    def reserved_bytes(self) -> int:
        """Bytes of the space that it takes."""
        return sum(self._sizes)

    def reserve(self, size: int) -> None:
        """Reserve space for bytes that are about to be written.

        Raises:
            NoSpace: There is not as much left.
            DiskFull: The disk is that of the database, and has too little room.
        """
        self._space.reserve(size)
        self._sizes.append(size)

    def append(self, batches: Sequence[pa.RecordBatch]) -> Segment:
        """Write batches, of one schema, whose space was reserved.

        Raises:
            OSError: The disk is full, or fails.
        """
        self._file = self._file or self._space.create_file()
        return self._file.append(batches)

    def read(self, segment: Segment) -> Iterator[pa.RecordBatch]:
        """Read the batches of a segment back."""
        assert self._file is not None  # noqa: S101 - the segment was written to it
        return self._file.read(segment)

    def close(self) -> None:
        """Drop the file, and give its space back; harmless when done before."""
        self._file = None
        _release(self._space, self._sizes)


def _release(space: SpoolSpace, sizes: list[int]) -> None:
    space.release(sum(sizes))
    sizes.clear()
