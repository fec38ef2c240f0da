"""What comes back from a server: streams with their state, receipts, and errors."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa
from pydantic import ValidationError

from vxdata.schemas.errors import InternalError, VxDataError
from vxdata.schemas.wire import (
    AS_OF_KEY,
    CATALOG_KEY,
    DIGEST_KEY,
    RELEASE_KEY,
    VERSION_KEY,
    CommitReceipt,
    WireError,
)
from vxdata.sdk._transport.base import TIMELESS, Origin, Stream, Written

if TYPE_CHECKING:
    from vxdata.sdk._transport.base import Batches


def stream_of(arrow_schema: pa.Schema, batches: Batches) -> Stream:
    """A result whose metadata tell the instant that it was read at, or the catalog that it comes from."""
    metadata: dict[bytes, bytes] = arrow_schema.metadata or {}
    bare = arrow_schema.remove_metadata()
    if CATALOG_KEY in metadata:
        release = metadata.get(RELEASE_KEY)
        origin = Origin(
            metadata[CATALOG_KEY].decode(),
            metadata[DIGEST_KEY].decode(),
            None if release is None else release.decode(),
        )
        return Stream(bare, TIMELESS, 0, batches, origin)
    as_of = datetime.fromisoformat(metadata[AS_OF_KEY].decode())
    return Stream(bare, as_of, int(metadata[VERSION_KEY]), batches)


def written_of(receipt: pa.Buffer | None, lineage: pa.Buffer | None) -> Written:
    """The response to an upload.

    Raises:
        InternalError: The server has sent none.
    """
    if receipt is None:
        msg = "The server ended the upload without a receipt."
        raise InternalError(msg)
    table = None if lineage is None else pa.ipc.open_stream(lineage).read_all()
    return Written(CommitReceipt.model_validate_json(receipt.to_pybytes()), table)


def wire_error_of(error: Exception) -> WireError | None:
    """The error of the server that an error of Flight brings; None if it comes from elsewhere."""
    extra = getattr(error, "extra_info", None)
    if not extra:
        return None
    try:
        return WireError.model_validate_json(extra)
    except ValidationError:
        return None


def error_of(wire: WireError) -> VxDataError:
    """The error that the server has raised."""
    error = VxDataError.from_wire(wire.model_dump())
    if isinstance(error, InternalError):
        error.details["request_id"] = wire.request_id
    return error


def first_line(error: Exception) -> str:
    """What was said, without what only gRPC's developers understand."""
    return str(error).partition("\n")[0].partition(". gRPC client debug context")[0][:300]
