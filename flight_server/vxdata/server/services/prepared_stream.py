"""A prepared query and the resources that it holds."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from vxdata.server.database.clock import resolve_snapshot
from vxdata.server.database.connection import READ_ONLY
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
        monitor: CancellationMonitor,
        readers: SharedQuery,
        call: Call,
    ) -> None:
        """Take a connection, begin a transaction and resolve the instant."""
        with ExitStack() as resources:
            lent = database.connection(Lane.STREAM, caller=call.caller, deadline=call.deadline)
            connection = resources.enter_context(lent)
            self._connection = connection
            attended = CancellableQuery(connection, readers)
            resources.enter_context(monitor.watching(attended, readers.is_abandoned))
            resources.enter_context(connection.transaction(READ_ONLY))
            self.snapshot = resolve_snapshot(
                connection, plan.members, plan.as_of, reads_log=plan.reads_log, hides_rows=plan.hides_rows
            )
            self.prepared = prepare(plan, self.snapshot.instant)
            self._result_schema = result_schema_of(self.prepared.columns)
            self.schema = self._result_schema.at(self.snapshot.instant)
            super().__init__(resources.pop_all(), self._run())

    def explain(self) -> str:
        """Return PostgreSQL's plan for the statement, in the snapshot."""
        rows = self._connection.rows(f"EXPLAIN {self.prepared.statement.sql}")
        return "\n".join(row["QUERY PLAN"] for row in rows)

    def _run(self) -> Generator[pa.RecordBatch]:
        statement, is_small = self.prepared.statement, self.prepared.is_small
        with self._resources, self._connection.stream(statement.sql, is_small=is_small) as batches:
            for batch in batches:
                yield self._result_schema.conform(batch.columns, self.schema)
