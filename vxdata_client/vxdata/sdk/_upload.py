"""Uploads: tables of one resource type each become the sections of one all-or-nothing write."""

from __future__ import annotations

import getpass
import platform
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from vxdata.schemas.wire import UPLOAD_SCHEMA, WriteCommand

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vxdata.schemas.wire import CommitReceipt
    from vxdata.sdk._transport.base import Transport

SECTION_BYTES: Final = 4 * 1024 * 1024
"""Size of a section: large enough to copy in one go, small enough for flat memory on both sides."""


def upload(transport: Transport, tables: Mapping[str, pa.Table]) -> CommitReceipt:
    """Create the resources of all tables in one commit.

    Args:
        transport: The way to the server.
        tables: Tables of fields, by resource type.

    Returns:
        The receipt of the commit.

    Raises:
        VxDataError: Anything that the server refuses; then nothing is written.
    """
    command = WriteCommand(verb="create", client=describe_client())
    sections = (section for name, table in tables.items() for section in _sections(name, table))
    return transport.write(command, sections, sum(table.num_rows for table in tables.values()))


def describe_client() -> dict[str, str]:
    """What the commit log keeps of the caller."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # a user id without a name, as containers have
        user = "unknown"
    return {"user": user, "host": platform.node(), "sdk": version("vxdata")}


def _sections(resource_type: str, table: pa.Table) -> Iterator[pa.RecordBatch]:
    for batch in table.to_batches(max_chunksize=_rows_per_section(table)):
        for part in _halved(batch):
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, part.schema) as writer:
                writer.write_batch(part)
            yield pa.record_batch([pa.array([resource_type]), _binary(sink.getvalue())], schema=UPLOAD_SCHEMA)


def _rows_per_section(table: pa.Table) -> int:
    bytes_per_row = max(table.nbytes / max(table.num_rows, 1), 1)
    return max(int(SECTION_BYTES / bytes_per_row), 1)


def _halved(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Cut a batch again where its rows are larger than those of the table on average."""
    if batch.nbytes <= 2 * SECTION_BYTES or batch.num_rows <= 1:
        yield batch
        return
    half = batch.num_rows // 2
    yield from _halved(batch.slice(0, half))
    yield from _halved(batch.slice(half))


def _binary(buffer: pa.Buffer) -> pa.Array:
    """A binary array of one value, without copying it."""
    offsets = pa.array([0, buffer.size], pa.int32()).buffers()[1]
    return pa.Array.from_buffers(pa.binary(), 1, [None, offsets, buffer])
