"""Uploads: what a `do_put` carries, and what it is answered with.

A write goes up as one `do_put`. Its descriptor's command is a `WriteCommand`. Each row of its record
batches is a *section*: a resource type and an Arrow IPC stream of rows of that type, so that one
all-or-nothing call carries any number of types, each with exactly the columns it states. The last
message is a `CommitMarker` alone: a Flight server cannot tell an aborted upload from a finished one,
so what has no marker is not written.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

import pyarrow as pa
from pydantic import Field

from vxdata.schemas.payload_type import LINEAGE_PREFIXES
from vxdata.schemas.wire.messages import Message, ServerMessage

UPLOAD_SCHEMA: Final = pa.schema(
    [pa.field("resource_type", pa.string(), nullable=False), pa.field("rows", pa.binary(), nullable=False)]
)
"""Schema of every upload: one section a row."""

LINEAGE_SCHEMA: Final = pa.schema(
    [
        pa.field("identifier", pa.string(), nullable=False),
        *(pa.field(name, pa.string()) for name in LINEAGE_PREFIXES),
    ]
)
"""Schema of the lineage that follows a receipt."""

Verb = Literal["create", "update", "delete", "restore", "purge"]


class WriteCommand(Message):
    """The command that begins an upload and says what to do with its rows.

    Args:
        version: Version of the upload format.
        verb: What to do with the rows.
        cascade: Whether a delete or a restore takes the descendants along.
        idempotency_key: Name of this request; a repeat under it gets the first receipt and writes nothing.
        client: What the caller says of itself, kept in the commit log.
    """

    version: Literal[1] = 1
    verb: Verb
    cascade: bool = False
    idempotency_key: Annotated[str, Field(min_length=1, max_length=200, pattern="^[^\\x00]*$")] | None = None
    client: dict[str, str] = Field(default_factory=dict)

    def body(self) -> bytes:
        """Return, as JSON, the fields that two commands must share to be the same request."""
        return self.model_dump_json(include={"version", "verb", "cascade"}).encode()


class CommitMarker(Message):
    """Ends an upload: the number of rows that it holds, over all sections."""

    rows: int


class CommitReceipt(ServerMessage):
    """The receipt of a commit.

    Args:
        version: Sequence number of the commit.
        as_of: Its instant; reading as of it shows what was written.
        counts: Rows written, by resource type.
    """

    version: int
    as_of: datetime
    counts: dict[str, int]
