"""Uploads: the messages of a `do_put` become sections, and the row count that ends them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from pydantic import ValidationError

from vxdata.schemas.errors import IncompleteUpload, InvalidTicket
from vxdata.schemas.wire import UPLOAD_SCHEMA, CommitMarker
from vxdata.server.ingest.ipc_stream import record_batches
from vxdata.server.services.write import Section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.server.limits import Limits

MAX_MARKER_BYTES: Final = 1024
"""Longest commit marker."""

CheckColumns = Callable[[str, pa.Schema], None]
"""Refuses the columns of a section, given its resource type."""


def sections(reader: Any, limits: Limits, check_columns: CheckColumns) -> Iterator[Section | int]:
    """Decode an upload.

    Args:
        reader: Flight's reader of the messages as they arrive.
        limits: How large messages and sections may be, and how many.
        check_columns: Refuses the columns of a section before its rows are read.

    Yields:
        The sections, then the row count of the commit marker. The rows are not validated: their buffers lie
        within the message, but nothing tells yet whether the offsets in them do.

    Raises:
        InvalidTicket: The upload is malformed.
        LimitExceeded: It is too large.
        IncompleteUpload: It broke off, or does not end with a marker.
    """
    if not _schema(reader).equals(UPLOAD_SCHEMA):
        columns = ", ".join(f"{column.name} ({column.type})" for column in UPLOAD_SCHEMA)
        msg = f"An upload has the columns {columns}, none of them nullable."
        raise InvalidTicket(msg)
    is_ended = False
    count = 0
    for chunk in _chunks(reader):
        if is_ended:
            msg = "The upload goes on after its commit marker; nothing was written."
            raise InvalidTicket(msg)
        if chunk.data is None:
            is_ended = True
            yield _marker(chunk.app_metadata)
        else:
            _check_chunk(chunk.data, limits)
            for section in _sections(chunk.data, limits, check_columns):
                count += 1
                limits.check("upload_sections", count, "Sections of the upload")
                yield section


def _sections(chunk: pa.RecordBatch, limits: Limits, check_columns: CheckColumns) -> Iterator[Section]:
    for resource_type, rows in zip(*(chunk.column(name) for name in UPLOAD_SCHEMA.names), strict=True):
        name = resource_type.as_py()
        for batch in record_batches(rows.as_buffer(), limits, partial(check_columns, name)):
            yield Section(name, batch)


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


def _check_chunk(sections: pa.RecordBatch, limits: Limits) -> None:
    """Refuse what is not safe to read, or too large.

    Nothing may read a buffer before the whole batch is validated: even `nbytes` follows offsets.
    """
    try:
        sections.validate(full=True)
    except pa.ArrowInvalid as error:
        msg = "A message of the upload is a malformed record batch."
        raise InvalidTicket(msg) from error
    limits.check("message_bytes", int(sections.nbytes), "Bytes of a message of the upload")
    limits.check("upload_sections", sections.num_rows, "Sections of a message of the upload")
    if any(column.null_count for column in sections.columns):
        msg = "A section of the upload, or its type, is null."
        raise InvalidTicket(msg)


def _marker(metadata: pa.Buffer | None) -> int:
    content = b"" if metadata is None or metadata.size > MAX_MARKER_BYTES else metadata.to_pybytes()
    try:
        return CommitMarker.model_validate_json(content).rows
    except ValidationError as error:
        msg = "The upload's last message is not a commit marker; nothing was written."
        raise IncompleteUpload(msg) from error
