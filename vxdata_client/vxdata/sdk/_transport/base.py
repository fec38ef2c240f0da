"""The network as the SDK sees it: a few methods that take and give plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    import pyarrow as pa

    from vxdata.schemas.plan import Plan
    from vxdata.schemas.wire import Action, CommitReceipt, WriteCommand
    from vxdata.sdk._transport.ahead import ReadAhead


@dataclass(frozen=True)
class Stream:
    """The answer to a plan while it arrives.

    Args:
        arrow_schema: Schema of every batch.
        as_of: Instant that it is read at, UTC.
        version: Sequence number of the last commit that it can see.
        batches: The record batches. Closing or dropping them cancels the query.
    """

    arrow_schema: pa.Schema
    as_of: datetime
    version: int
    batches: ReadAhead[pa.RecordBatch]


@dataclass(frozen=True)
class Written:
    """The answer to an upload.

    Args:
        receipt: What the commit did.
        lineage: Of what was created, with the columns of `LINEAGE_SCHEMA` and the rows in any order; None
            where the server did not send it.
    """

    receipt: CommitReceipt
    lineage: pa.Table | None = None


class Transport(Protocol):
    """Carries plans, uploads and actions to a server.

    Every method raises errors of the tree in `vxdata.schemas.errors`, whichever side they began on.
    """

    def read(self, plan: Plan, *, whole: bool = False) -> Stream:
        """Run a plan; where the answer is wanted whole, wait for all of it before the first row."""

    def write(self, command: WriteCommand, sections: Iterator[pa.RecordBatch], rows: int) -> CommitReceipt:
        """Upload sections, each a batch of `UPLOAD_SCHEMA`, that hold so many rows in all."""

    def create(
        self,
        command: WriteCommand,
        sections: Iterator[pa.RecordBatch],
        rows: int,
        meanwhile: Callable[[], None],
    ) -> Written:
        """Upload sections likewise, do something while the server writes, and ask for their lineage."""

    def act(self, action: Action, body: bytes = b"") -> bytes:
        """Run an action that answers with one body."""

    def close(self) -> None:
        """Close the connection."""
