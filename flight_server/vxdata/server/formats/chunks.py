"""Chunks: what a writer has written since the last time, to be sent at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from typing_extensions import Buffer


class Chunks:
    """A file that only keeps what has not been taken yet; writers of Arrow write into it."""

    closed = False

    def __init__(self) -> None:
        """Begin empty."""
        self._kept = bytearray()
        self._position = 0

    def write(self, part: Buffer) -> int:
        """Keep a part: as a copy, since the writer of CSV uses its buffer again."""
        size = len(memoryview(part))
        self._kept += part
        self._position += size
        return size

    def tell(self) -> int:
        """The number of bytes written so far."""
        return self._position

    def flush(self) -> None:
        """Do nothing: what is written is there."""

    def close(self) -> None:
        """Do nothing: what is written can still be taken."""

    def take(self) -> memoryview:
        """Hand out what was written since the last time."""
        taken, self._kept = self._kept, bytearray()
        return memoryview(taken)


def gathered(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, rows: int, size: int
) -> Iterator[pa.Table]:
    """Gather batches into tables of a size that suits a format.

    Args:
        batches: The batches.
        schema: Their schema.
        rows: Rows from which on a table is large enough.
        size: Bytes from which on it is.

    Yields:
        Tables without a copy; none of them is empty.
    """
    kept: list[pa.RecordBatch] = []
    kept_rows = kept_size = 0
    for batch in batches:
        kept.append(batch)
        kept_rows += batch.num_rows
        kept_size += batch.nbytes
        if kept_rows >= rows or kept_size >= size:
            yield pa.Table.from_batches(kept, schema)
            kept, kept_rows, kept_size = [], 0, 0
    if kept_rows:
        yield pa.Table.from_batches(kept, schema)
