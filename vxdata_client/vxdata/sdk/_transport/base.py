"""The transport of the SDK: four methods that take and return plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import pyarrow as pa

    from vxdata.schemas.cohorts import CohortPlan
    from vxdata.schemas.plan import Plan
    from vxdata.schemas.wire import Action, CommitReceipt, WriteCommand
    from vxdata.sdk._transport.retry import Retries


TIMELESS: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""In the place of the instant, where rows of a catalog are read: they have no versions."""


@dataclass(frozen=True)
class Origin:
    """Where rows of a catalog come from.

    Args:
        catalog: Name of the catalog.
        digest: Digest of its tables, columns and keys.
        release: Release of its data that the rows show; None if nothing tells it.
    """

    catalog: str
    digest: str
    release: str | None = None


class Batches(Protocol):
    """The record batches of a result while they arrive; dropping them cancels the query."""

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Iterate once."""

    def __next__(self) -> pa.RecordBatch:
        """Wait for the next batch."""

    def is_ready(self, seconds: float) -> bool:
        """Wait a while; return whether `next` returns at once."""

    def close(self) -> None:
        """Cancel the query, unless it has ended."""


@dataclass(frozen=True)
class Stream:
    """The result of a plan while it arrives.

    Args:
        arrow_schema: Schema of every batch.
        as_of: Instant that it is read at, UTC; `TIMELESS` where it comes from a catalog.
        version: Sequence number of the last commit that it can see; 0 where it comes from a catalog.
        batches: The record batches.
        origin: The catalog that it comes from; None for VxData's own data.
    """

    arrow_schema: pa.Schema
    as_of: datetime
    version: int
    batches: Batches
    origin: Origin | None = None


@dataclass(frozen=True)
class Written:
    """The response to an upload.

    Args:
        receipt: What the commit did.
        lineage: Of what was created, with the columns of `LINEAGE_SCHEMA` and the rows in any order; None
            where it was not asked for, or the server did not send it.
    """

    receipt: CommitReceipt
    lineage: pa.Table | None = None


class Transport(Protocol):
    """Carries plans, uploads and actions to a server.

    Every method raises errors of the tree in `vxdata.schemas.errors`, whichever side they began on. None
    tries again by itself, save with a new token where the server has refused the former one.

    Attributes:
        retries: How long its callers try again, and whether the server has been reached.
    """

    retries: Retries

    def read(self, plan: Plan | CohortPlan, *, whole: bool = False, catalog: str | None = None) -> Stream:
        """Run a plan.

        Args:
            plan: What is asked; a cohort names its catalog itself.
            whole: Whether all of the answer is wanted, so that no row need be handed out before the last
                has come.
            catalog: Name of the catalog whose tables a plan reads; None for VxData's own data.

        Returns:
            The answer; its schema is there.
        """

    def write(
        self,
        command: WriteCommand,
        sections: Iterable[pa.RecordBatch],
        rows: int | Callable[[], int],
        *,
        lineage: bool = False,
        meanwhile: Callable[[], None] | None = None,
    ) -> Written:
        """Upload sections and wait for the commit.

        Args:
            command: What to do with the rows.
            sections: Batches of `UPLOAD_SCHEMA`. An error that they raise ends the upload, and is raised
                as it is. Unless they are an iterator, they may be asked for once more.
            rows: Number of rows that they hold in all, or what tells it once all were taken; with another
                number nothing is written.
            lineage: Whether to ask for the lineage of what is created.
            meanwhile: Work for the time while the server writes. It may be left out.

        Returns:
            What was written.
        """

    def act(self, action: Action, body: bytes = b"") -> bytes:
        """Run an action and return the body of its response."""

    def close(self) -> None:
        """Close the connection. Every later call raises `InvalidRequest`."""
