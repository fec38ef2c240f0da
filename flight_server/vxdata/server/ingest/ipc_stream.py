"""The IPC stream of a section, read message by message: each is checked before Arrow acts on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from vxdata.schemas.errors import InvalidTicket
from vxdata.server.ingest.ipc_metadata import MalformedMetadata, batch_cost, schema_cost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vxdata.server.limits import Limits

MAX_SCHEMA_TEXT: Final = 1024**2
"""Bytes of all names and metadata of a section's schema."""


def record_batches(
    content: pa.Buffer, limits: Limits, check_schema: Callable[[pa.Schema], None]
) -> Iterator[pa.RecordBatch]:
    """Read an IPC stream without copying it.

    No buffer is looked at: whoever uses a batch has to validate it first.

    Args:
        content: The stream.
        limits: What its record batches may cost.
        check_schema: Refuses the schema, before any batch is read.

    Yields:
        Its record batches.

    Raises:
        InvalidTicket: It is not an IPC stream of a schema and record batches.
        LimitExceeded: It costs more than is allowed.
    """
    try:
        yield from _batches(pa.ipc.MessageReader.open_stream(content), limits, check_schema)
    except (pa.ArrowException, MalformedMetadata, UnicodeDecodeError, OSError) as error:
        msg = "A section of the upload is not an Arrow IPC stream of a schema and record batches."
        raise InvalidTicket(msg) from error


def _batches(
    messages: pa.ipc.MessageReader, limits: Limits, check_schema: Callable[[pa.Schema], None]
) -> Iterator[pa.RecordBatch]:
    schema = _schema(next(messages, None), limits)
    check_schema(schema)
    for message in messages:
        cost = batch_cost(memoryview(message.metadata), memoryview(message.body or b""))
        limits.check("section_rows", cost.rows, "Rows of a record batch of the upload")
        limits.check("section_bytes", cost.inflated_bytes, "Bytes of a record batch of the upload, inflated")
        yield pa.ipc.read_record_batch(message, schema)


def _schema(message: pa.ipc.Message | None, limits: Limits) -> pa.Schema:
    if message is None:
        raise MalformedMetadata
    cost = schema_cost(memoryview(message.metadata))
    limits.check("section_columns", cost.columns, "Columns of a section of the upload")
    if cost.text_bytes > MAX_SCHEMA_TEXT:
        raise MalformedMetadata
    schema = pa.ipc.read_schema(message)
    schema.to_string()  # Arrow checks no names, and whoever shows one that is not UTF-8 fails
    return schema
