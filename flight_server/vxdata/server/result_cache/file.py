"""Answer files: record batches on disk, mapped into memory where they are read.

A file is a row of *segments*, each an Arrow IPC stream that begins at a page, then a *title* in JSON, the
title's length, and a magic number. A file without its title is not whole, and nobody opens it.

https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format
"""

from __future__ import annotations

import errno
import mmap
import os
import struct
import weakref
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import xxhash
from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MAGIC: Final = b"VXANSWR1"
TAIL: Final = struct.Struct("<Q8s")
CHECK_BYTES: Final = 1024 * 1024


class Segment(BaseModel):
    """A part of an answer file.

    Args:
        offset: Where it begins, in bytes; a multiple of the page size.
        size: Its bytes.
        checksum: XXH3 of its bytes, hexadecimal; empty while the file is being written.
    """

    model_config = ConfigDict(frozen=True)

    offset: int
    size: int
    checksum: str = ""


class Footer(BaseModel):
    """What an answer file says of itself, at its end.

    Args:
        key: Key of the answer.
        purge_epoch: Number of the last purge before it was computed.
        segments: Its parts, in order.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    purge_epoch: int
    segments: tuple[Segment, ...]


class DamagedCacheFile(Exception):
    """A file is not whole, or its bytes are not those that were written."""


class CacheFile:
    """An answer file, open as long as anybody holds it; removing it from the disk does not disturb them.

    Args:
        path: Where it is.
        descriptor: The open file.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        """Take over the descriptor."""
        self.path = path
        self._descriptor = descriptor
        weakref.finalize(self, os.close, descriptor)

    @classmethod
    def create(cls, path: Path) -> CacheFile:
        """Begin a file.

        Raises:
            FileExistsError: There is one, which somebody may be reading.
            OSError: It cannot be written.
        """
        return cls(path, os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))

    @classmethod
    def open(cls, path: Path) -> CacheFile:
        """Open a file to read it.

        Raises:
            OSError: It is not there, or may not be read.
        """
        return cls(path, os.open(path, os.O_RDONLY))

    def append(self, batches: Sequence[pa.RecordBatch]) -> Segment:
        """Write batches, of one schema, as the next segment.

        Raises:
            OSError: The disk is full, or fails, or somebody has removed the file.
        """
        if not os.fstat(self._descriptor).st_nlink:
            raise FileNotFoundError(errno.ENOENT, "was removed while it was written", self.path.name)
        offset = _next_page(os.fstat(self._descriptor).st_size)
        os.ftruncate(self._descriptor, offset)
        with (
            pa.OSFile(self._itself(), "ab") as sink,
            pa.ipc.new_stream(sink, batches[0].schema.remove_metadata()) as writer,
        ):
            for batch in batches:
                writer.write_batch(batch)
        return Segment(offset=offset, size=os.fstat(self._descriptor).st_size - offset)

    def read(self, segment: Segment) -> Iterator[pa.RecordBatch]:
        """Map a segment and yield its batches, whose values are the mapped bytes themselves."""
        with pa.ipc.open_stream(pa.py_buffer(self._mapped(segment))) as batches:
            yield from batches

    def finish(self, key: str, purge_epoch: int, segments: Sequence[Segment]) -> Footer:
        """Add the checksums and the title: the file is whole.

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
        """Read what the file says of itself.

        Raises:
            DamagedCacheFile: It is not whole.
        """
        size = os.fstat(self._descriptor).st_size
        length, magic = TAIL.unpack(
            os.pread(self._descriptor, TAIL.size, max(size - TAIL.size, 0)).ljust(TAIL.size)
        )
        if magic != MAGIC or length > size - TAIL.size:
            msg = f"{self.path.name} has no title"
            raise DamagedCacheFile(msg)
        try:
            return Footer.model_validate_json(os.pread(self._descriptor, length, size - TAIL.size - length))
        except ValueError as error:
            msg = f"{self.path.name} has an unreadable title"
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

    def _itself(self) -> str:
        """The open file as a path: its own may be another file's by now."""
        return f"/dev/fd/{self._descriptor}"

    def _mapped(self, segment: Segment) -> mmap.mmap:
        return mmap.mmap(self._descriptor, segment.size, prot=mmap.PROT_READ, offset=segment.offset)

    def _checksum(self, segment: Segment) -> str:
        """Hash a segment by reading it: mapped pages would count as memory of the process."""
        digest = xxhash.xxh3_128()
        for begin in range(0, segment.size, CHECK_BYTES):
            size = min(CHECK_BYTES, segment.size - begin)
            digest.update(os.pread(self._descriptor, size, segment.offset + begin))
        return digest.hexdigest()


def _next_page(size: int) -> int:
    """The first offset from a size on that can be mapped."""
    return -(-size // mmap.ALLOCATIONGRANULARITY) * mmap.ALLOCATIONGRANULARITY
