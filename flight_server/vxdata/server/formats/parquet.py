"""Parquet files. The footer comes last, so a file that was cut cannot be read.

The Arrow schema with its metadata stands in the footer, so that readers that know it restore every type.
https://parquet.apache.org/docs/file-format/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.parquet

from vxdata.server.formats.chunks import Chunks, gathered

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

GROUP_ROWS: Final = 128 * 1024
"""Rows of a row group, about: readers skip whole groups, and read several at a time."""

GROUP_BYTES: Final = 32 * 1024 * 1024
"""Bytes from which on a row group with fewer rows is written."""


def write_parquet(
    schema: pa.Schema, batches: Iterable[pa.RecordBatch], codec: str
) -> Generator[bytes | memoryview]:
    """Write record batches as a Parquet file.

    Args:
        schema: Schema of every batch.
        batches: The batches.
        codec: How pages are compressed.

    Yields:
        The magic number, the row groups, and the footer.
    """
    chunks = Chunks()
    with pa.parquet.ParquetWriter(pa.PythonFile(chunks, "w"), schema, compression=codec) as writer:
        yield chunks.take()
        for table in gathered(batches, schema, GROUP_ROWS, GROUP_BYTES):
            writer.write_table(table, table.num_rows)
            yield chunks.take()
    yield chunks.take()
