"""Arrow IPC files, whose batches can be read in any order. Without its footer a file is incomplete.

https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from vxdata.server.formats.chunks import Chunks

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable


def write_arrow_file(
    schema: pa.Schema, batches: Iterable[pa.RecordBatch], codec: str
) -> Generator[bytes | memoryview]:
    """Write record batches as an Arrow IPC file.

    Args:
        schema: Schema of every batch.
        batches: The batches.
        codec: How their buffers are compressed: none, lz4 or zstd.

    Yields:
        The schema, a message for each batch, and the footer.
    """
    chunks = Chunks()
    options = pa.ipc.IpcWriteOptions(compression=None if codec == "none" else codec)
    with pa.ipc.new_file(pa.PythonFile(chunks, "w"), schema, options=options) as writer:
        yield chunks.take()
        for batch in batches:
            writer.write_batch(batch)
            yield chunks.take()
    yield chunks.take()
