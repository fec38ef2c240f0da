"""Arrow IPC streams. Without its end-of-stream marker a stream is incomplete.

https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from vxdata.server.formats.chunks import Chunks

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

END: Final = b"\xff\xff\xff\xff\x00\x00\x00\x00"
"""The end-of-stream marker."""


def write_arrow_stream(
    schema: pa.Schema, batches: Iterable[pa.RecordBatch], codec: str
) -> Generator[bytes | memoryview]:
    """Write record batches as an Arrow IPC stream.

    Args:
        schema: Schema of every batch.
        batches: The batches.
        codec: How their buffers are compressed: none, lz4 or zstd.

    Yields:
        The schema, a message for each batch, and the end-of-stream marker.
    """
    yield from _plain(schema, batches) if codec == "none" else _compressed(schema, batches, codec)


def _plain(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Generator[bytes | memoryview]:
    """Write batches as they are: each becomes its message by one copy, half of what a writer takes."""
    yield memoryview(schema.serialize())
    for batch in batches:
        yield memoryview(batch.serialize())
    yield END


def _compressed(
    schema: pa.Schema, batches: Iterable[pa.RecordBatch], codec: str
) -> Generator[bytes | memoryview]:
    chunks = Chunks()
    options = pa.ipc.IpcWriteOptions(compression=codec)
    with pa.ipc.new_stream(pa.PythonFile(chunks, "w"), schema, options=options) as writer:
        yield chunks.take()
        for batch in batches:
            writer.write_batch(batch)
            yield chunks.take()
    yield chunks.take()
