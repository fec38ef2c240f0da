"""Record files: record batches on disk, mapped into memory where they are read.

A file is a sequence of *segments*, each an Arrow IPC stream that begins at a page.

https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format
"""

from __future__ import annotations

import mmap
import os
import weakref
from typing import TYPE_CHECKING

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Segment(BaseModel):
    """A part of a record file.

    Args:
        offset: Bytes before the segment; a multiple of the page size.
        size: Bytes of the segment.
        checksum: XXH3 of the bytes, hexadecimal; empty where none was computed.
    """

    model_config = ConfigDict(frozen=True)

    offset: int
    size: int
    checksum: str = ""


class RecordFile:
    """An open record file. It closes with its last reference, and stays readable after its removal.

    Args:
        descriptor: The open file, which the object takes over.
    """

    def __init__(self, descriptor: int) -> None:
        """Take over the descriptor."""
        self._descriptor = descriptor
        weakref.finalize(self, os.close, descriptor)

    def append(self, batches: Sequence[pa.RecordBatch]) -> Segment:
        """Write batches, of one schema, as the next segment.

        Raises:
            OSError: The disk is full, or fails.
        """
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
        """Map a segment and yield its batches. Their values are the mapped bytes; nothing is copied."""
        with pa.ipc.open_stream(pa.py_buffer(self._mapped(segment))) as batches:
            yield from batches

    def _itself(self) -> str:
        """Return a path of the open file; its name may belong to another file by now."""
        return f"/dev/fd/{self._descriptor}"

    def _mapped(self, segment: Segment) -> mmap.mmap:
        return mmap.mmap(self._descriptor, segment.size, prot=mmap.PROT_READ, offset=segment.offset)


def _next_page(size: int) -> int:
    """The first offset from a size on that can be mapped."""
    return -(-size // mmap.ALLOCATIONGRANULARITY) * mmap.ALLOCATIONGRANULARITY
