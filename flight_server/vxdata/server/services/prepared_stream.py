"""A prepared query and the resources that it holds."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from vxdata.server.database.clock import resolve_snapshot
from vxdata.server.database.connection import READ_ONLY
from vxdata.server.database.parallel_scan import ScanConnections
from vxdata.server.database.pool import Lane
from vxdata.server.result_cache.monitored import CancellableQuery
from vxdata.server.services.owned_stream import OwnedStream
from vxdata.server.services.result_schema import result_schema_of
from vxdata.sql.query.prepared import prepare

if TYPE_CHECKING:
    from collections.abc import Generator

    import pyarrow as pa

    from vxdata.schemas.binding import BoundPlan
    from vxdata.server.call import Call
    from vxdata.server.database.monitor import CancellationMonitor
    from vxdata.server.database.parallel_scan import ParallelScan
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.result_cache.shared_query import SharedQuery


class PreparedStream(OwnedStream):
    """An iterator over the batches of a plan. It owns a connection until it has ended.

    It resolves the instant in the transaction that reads the rows, so its schema is known before the first
    batch; PostgreSQL runs the query when that batch is requested. The resources are released after the last
    batch, after a failure, or by `close`.

    Args:
        plan: A bound plan.
        database: Pool of connections.
        parallel_scan: Runs the statement, over further connections for a large scan.
        monitor: Cancels the query when all its readers have gone.
        readers: The shared query that will read the batches.
        call: The call that a connection is for; its deadline limits the wait for one.

    Attributes:
        snapshot: The instant, and the state of the types that are read.
        prepared: The prepared plan.
        schema: The schema of every batch; its metadata names the instant.

    Raises:
        ServerBusy: No connection became free in time.
        RequestTimedOut: No connection became free before the deadline.
        DatabaseError: PostgreSQL cannot be asked.
    """

    def __init__(
        self,
        plan: BoundPlan,
        database: ConnectionPool,
        parallel_scan: ParallelScan,
        monitor: CancellationMonitor,
        readers: SharedQuery,
        call: Call,
    ) -> None:
        """Take a connection, begin a transaction and resolve the instant."""
        with ExitStack() as resources:
            lent = database.connection(Lane.STREAM, caller=call.caller, deadline=call.deadline)
            connection = resources.enter_context(lent)
            self._connections = ScanConnections(connection)
            attended = CancellableQuery(self._connections, readers)
            resources.enter_context(monitor.watching(attended, readers.is_abandoned))
            resources.enter_context(connection.transaction(READ_ONLY))
            self.snapshot = resolve_snapshot(connection, plan.members, plan.as_of, reads_log=plan.reads_log)
            self.prepared = prepare(plan, self.snapshot.instant)
            self._result_schema = result_schema_of(self.prepared.columns)
            self.schema = self._result_schema.at(self.snapshot.instant)
            self._parallel_scan = parallel_scan
            super().__init__(resources.pop_all(), self._run())

    def divided(self) -> list[str]:
        """Return the parts of a parallel scan of the query; empty if it would not be divided."""
        return self._parallel_scan.divided(self._connections, self.prepared)

    def explain(self, sql: str) -> str:
        """Return PostgreSQL's plan for a statement, in the snapshot."""
        (connection,) = self._connections.connections
        return "\n".join(row["QUERY PLAN"] for row in connection.rows(f"EXPLAIN {sql}"))

    def _run(self) -> Generator[pa.RecordBatch]:
        with self._resources, self._parallel_scan.stream(self._connections, self.prepared) as batches:
            for batch in batches:
                yield self._result_schema.conform(batch.columns, self.schema)
