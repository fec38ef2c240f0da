"""Cache files: record files that tell what they hold, and whether they are complete.

After the segments stands a *footer* in JSON, the length of the footer, and a magic number. A file without its
footer is incomplete and is never read.
"""

from __future__ import annotations

import errno
import os
import struct
from typing import TYPE_CHECKING, Final

import xxhash
from pydantic import BaseModel, ConfigDict

from vxdata.server.record_file import RecordFile, Segment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pyarrow as pa

MAGIC: Final = b"VXRESLT1"
TAIL: Final = struct.Struct("<Q8s")
CHECK_BYTES: Final = 1024 * 1024


class Footer(BaseModel):
    """The description at the end of a cache file.

    Args:
        key: Key of the result.
        purge_epoch: Number of the last purge before the result was computed.
        segments: The segments, in order.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    purge_epoch: int
    segments: tuple[Segment, ...]


class DamagedCacheFile(Exception):
    """A file is incomplete, or its bytes differ from those that were written."""


class CacheFile(RecordFile):
    """An open cache file.

    Args:
        path: Path of the file when it was opened.
        descriptor: The open file, which the object takes over.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        """Take over the descriptor."""
        super().__init__(descriptor)
        self.path = path

    @classmethod
    def create(cls, path: Path) -> CacheFile:
        """Create a file.

        Raises:
            FileExistsError: The file exists; another thread may be reading it.
            OSError: The file cannot be written.
        """
        return cls(path, os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))

    @classmethod
    def open(cls, path: Path) -> CacheFile:
        """Open a file to read it.

        Raises:
            OSError: The file does not exist, or may not be read.
        """
        return cls(path, os.open(path, os.O_RDONLY))

    def append(self, batches: Sequence[pa.RecordBatch]) -> Segment:
        """Write batches, of one schema, as the next segment.

        Raises:
            OSError: The disk is full or fails, or the file was removed.
        """
        if not os.fstat(self._descriptor).st_nlink:
            raise FileNotFoundError(errno.ENOENT, "was removed while it was written", self.path.name)
        return super().append(batches)

    def finish(self, key: str, purge_epoch: int, segments: Sequence[Segment]) -> Footer:
        """Write the footer with the checksums, which completes the file.

        Raises:
            OSError: The disk is full, or fails.
        """
        checked = tuple(each.model_copy(update={"checksum": self._checksum(each)}) for each in segments)
        footer = Footer(key=key, purge_epoch=purge_epoch, segments=checked)
        text = footer.model_dump_json().encode()
        with open(self._itself(), "ab") as sink:  # noqa: PTH123 - no path of the file system
            sink.write(text + TAIL.pack(len(text), MAGIC))
        return footer

    def footer(self) -> Footer:
        """Read the footer.

        Raises:
            DamagedCacheFile: The file is incomplete.
        """
        size = os.fstat(self._descriptor).st_size
        length, magic = TAIL.unpack(
            os.pread(self._descriptor, TAIL.size, max(size - TAIL.size, 0)).ljust(TAIL.size)
        )
        if magic != MAGIC or length > size - TAIL.size:
            msg = f"{self.path.name} has no footer"
            raise DamagedCacheFile(msg)
        try:
            return Footer.model_validate_json(os.pread(self._descriptor, length, size - TAIL.size - length))
        except ValueError as error:
            msg = f"{self.path.name} has an unreadable footer"
            raise DamagedCacheFile(msg) from error

    def check(self, footer: Footer) -> None:
        """Compare all bytes with their checksums.

        Raises:
            DamagedCacheFile: They differ.
        """
        for segment in footer.segments:
            if self._checksum(segment) != segment.checksum:
                msg = f"{self.path.name} is damaged in the {segment.size:,} bytes from {segment.offset:,}"
                raise DamagedCacheFile(msg)

    def _checksum(self, segment: Segment) -> str:
        """Hash a segment by reading it: mapped pages would count as memory of the process."""
        digest = xxhash.xxh3_128()
        for begin in range(0, segment.size, CHECK_BYTES):
            size = min(CHECK_BYTES, segment.size - begin)
            digest.update(os.pread(self._descriptor, size, segment.offset + begin))
        return digest.hexdigest()
