"""Uploads: the messages of a `do_put` become sections, and the row count that ends them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from pydantic import ValidationError

from vxdata.schemas.errors import IncompleteUpload, InvalidTicket
from vxdata.schemas.wire import UPLOAD_SCHEMA, CommitMarker
from vxdata.server.services.write import Section

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_CHUNK_BYTES: Final = 64 * 1024 * 1024
"""Largest message of an upload; gRPC itself would take any."""


def sections(reader: Any) -> Iterator[Section | int]:
    """Decode an upload.

    Args:
        reader: Flight's reader of the messages as they arrive.

    Yields:
        The sections, then the row count of the commit marker.

    Raises:
        InvalidTicket: The upload is malformed.
        IncompleteUpload: It broke off, or does not end with a marker.
    """
    if not _schema(reader).equals(UPLOAD_SCHEMA):
        columns = ", ".join(f"{column.name} ({column.type})" for column in UPLOAD_SCHEMA)
        msg = f"An upload has the columns {columns}, none of them nullable."
        raise InvalidTicket(msg)
    is_ended = False
    for chunk in _chunks(reader):
        if is_ended:
            msg = "The upload goes on after its commit marker; nothing was written."
            raise InvalidTicket(msg)
        if chunk.data is None:
            is_ended = True
            yield _marker(chunk.app_metadata)
        else:
            _check_chunk(chunk.data)
            columns_of_chunk = (chunk.data.column(name) for name in UPLOAD_SCHEMA.names)
            for resource_type, rows in zip(*columns_of_chunk, strict=True):
                yield from _rows(resource_type.as_py(), rows.as_buffer())


def _schema(reader: Any) -> pa.Schema:
    try:
        return reader.schema
    except (pa.ArrowException, OSError) as error:
        msg = "The upload does not begin with an Arrow schema; nothing was written."
        raise InvalidTicket(msg) from error


def _chunks(reader: Any) -> Iterator[Any]:
    while True:
        try:
            chunk = reader.read_chunk()
        except StopIteration:
            return
        except pa.ArrowInvalid as error:
            msg = "A message of the upload is not an Arrow record batch."
            raise InvalidTicket(msg) from error
        except (pa.ArrowException, OSError) as error:
            msg = "The upload broke off; nothing was written."
            raise IncompleteUpload(msg) from error
        yield chunk


def _check_chunk(sections: pa.RecordBatch) -> None:
    """Refuse what is not safe to read, or too large.

    Nothing may read a buffer before the whole batch is validated: even `nbytes` follows offsets.
    """
    try:
        sections.validate(full=True)
    except pa.ArrowInvalid as error:
        msg = "A message of the upload is a malformed record batch."
        raise InvalidTicket(msg) from error
    if sections.nbytes > MAX_CHUNK_BYTES:
        msg = f"A message of the upload holds {sections.nbytes:,} bytes, over {MAX_CHUNK_BYTES:,}."
        raise InvalidTicket(msg)
    if any(column.null_count for column in sections.columns):
        msg = "A section of the upload, or its type, is null."
        raise InvalidTicket(msg)


def _rows(resource_type: str, buffer: pa.Buffer) -> Iterator[Section]:
    """Read a section's IPC stream, without copying it."""
    try:
        with pa.ipc.open_stream(buffer) as batches:
            for batch in batches:
                yield Section(resource_type, batch)
    except (pa.ArrowException, OSError) as error:
        msg = f"A section of the upload ({resource_type!r:.50}) is not an Arrow IPC stream."
        raise InvalidTicket(msg) from error


def _marker(metadata: pa.Buffer | None) -> int:
    try:
        return CommitMarker.model_validate_json((metadata or pa.py_buffer(b"")).to_pybytes()).rows
    except ValidationError as error:
        msg = "The upload's last message is not a commit marker; nothing was written."
        raise IncompleteUpload(msg) from error
