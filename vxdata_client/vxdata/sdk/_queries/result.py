"""Answers: what a plan gives, and the instant that it was read at."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from vxdata.schemas.catalog.builtin import COMMIT
from vxdata.schemas.plan import Plan
from vxdata.schemas.plan.counting import ROWS, counting_plan, rows_of_page
from vxdata.schemas.wire import catalog_metadata, snapshot_metadata
from vxdata.sdk._queries.stream import read_whole
from vxdata.sdk._snapshot import Snapshot
from vxdata.sdk._transport.retry import retry_read

if TYPE_CHECKING:
    from datetime import datetime

    import polars as pl
    import pyarrow as pa

    from vxdata.sdk._transport.base import Origin, Stream, Transport


@dataclass(frozen=True)
class Result:
    """The rows of a query and the instant of the read.

    Args:
        frame: The rows; columns and types are those of the registry, also when there are none.
        as_of: The instant, UTC; the same query as of it gives the same rows for ever.
        version: Sequence number of the last commit that the rows show.
        origin: The catalog that the rows come from, and its release; None for VxData's own data. Rows of a
            catalog have no instant: `as_of` is the beginning of 1970 then, and `version` is 0.
    """

    frame: pl.DataFrame
    as_of: datetime
    version: int
    origin: Origin | None = None

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot that was read, for other reads at the same state."""
        return Snapshot(as_of=self.as_of, version=self.version)

    @property
    def token(self) -> Snapshot:
        """The former name of `snapshot`, to be removed in the next version."""
        warnings.warn("Result.token is now Result.snapshot.", DeprecationWarning, stacklevel=2)
        return self.snapshot


def resolve_snapshot(transport: Transport, as_of: datetime | None) -> Snapshot:
    """Ask which state is read, and nothing of it.

    Args:
        transport: The way to the server.
        as_of: Instant to read at; the last commit if None.

    Returns:
        The instant, with the number of the last commit that shows at it.

    Raises:
        AsOfInFuture: The instant is later than the server's clock.
        ServiceProblem: The server cannot be reached or cannot answer.
    """
    _, snapshot = read_whole(transport, Plan(relation=COMMIT, select=("version",), limit=0, as_of=as_of))
    return snapshot


def count_rows(transport: Transport, plan: Plan) -> int:
    """Count the rows that a plan gives while they pass by, without keeping them.

    Args:
        transport: The way to the server.
        plan: What to read.

    Returns:
        Their number.

    Raises:
        InvalidRequest: The server refuses the plan.
        ServiceProblem: The server cannot be reached or cannot answer.
    """
    return retry_read(partial(_count_rows, transport, plan), transport)


def _count_rows(transport: Transport, plan: Plan) -> int:
    rows: int = sum(batch.num_rows for batch in transport.read(plan).batches)
    return rows


def count_by_server(transport: Transport, plan: Plan) -> tuple[int, datetime]:
    """Let the server count the rows that a plan gives.

    Args:
        transport: The way to the server.
        plan: What would be read; neither grouped nor distinct.

    Returns:
        Their number, and the instant that it holds for.

    Raises:
        InvalidRequest: The server refuses the plan.
        ServiceProblem: The server cannot be reached or cannot answer.
    """
    table, snapshot = read_whole(transport, counting_plan(plan))
    return rows_of_page(plan, table[ROWS][0].as_py()), snapshot.as_of


def with_snapshot(table: pa.Table, snapshot: Snapshot) -> pa.Table:
    """Write the snapshot into the metadata of a table's schema, under the keys that travel.

    Args:
        table: Rows.
        snapshot: The instant that they were read at.

    Returns:
        The same rows.
    """
    return table.replace_schema_metadata(snapshot_metadata(snapshot.as_of, snapshot.version))


def metadata_of(stream: Stream) -> dict[bytes, bytes]:
    """Write what is read as metadata of its schema: the snapshot, or the catalog that it comes from.

    Args:
        stream: The answer.

    Returns:
        Keys and values, as they travel.
    """
    origin = stream.origin
    if origin is None:
        return snapshot_metadata(stream.as_of, stream.version)
    return catalog_metadata(origin.catalog, origin.digest, origin.release)
