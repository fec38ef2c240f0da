"""Read: a plan becomes a stream of record batches that knows the instant it was read at."""

from __future__ import annotations

import math
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vxdata.schemas.binding import bind
from vxdata.schemas.plan import encode
from vxdata.schemas.wire import Explanation
from vxdata.server.database.clock import fence, split_clock_columns
from vxdata.server.database.parallel_scan import ParallelScan
from vxdata.server.database.pool import Lane
from vxdata.server.database.witness import ClockWitness
from vxdata.server.result_cache.cache import PreparedQuery, ResultCache
from vxdata.server.result_cache.key import cache_key
from vxdata.server.result_cache.monitored import StalledQuery
from vxdata.server.result_cache.shared_query import SharedQuery
from vxdata.server.services.prepared_stream import PreparedStream
from vxdata.server.services.result_schema import result_schema_of
from vxdata.sql.query.prepared import Method, prepare

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from vxdata.schemas.binding import BoundPlan
    from vxdata.schemas.catalog import Catalog
    from vxdata.schemas.plan import Plan
    from vxdata.server.call import Call
    from vxdata.server.database.connection import Connection
    from vxdata.server.database.monitor import CancellationMonitor
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.result_cache.write_aside import WriteAside
    from vxdata.sql.query.prepared import PreparedPlan


@dataclass(frozen=True)
class Result:
    """A running query.

    Args:
        arrow_schema: Schema of every batch; its metadata names the instant.
        batches: The stream. Closing it, or letting it be collected, cancels the query.
        is_whole: Whether nothing runs any more, and all batches are in memory.
        is_timeless: Whether tables without versions are read, so that the same instant can give other rows.
        purge_epoch: Number of purges so far, which change the rows of past instants; 0 where the last commit
            is read.
    """

    arrow_schema: pa.Schema
    batches: Iterator[pa.RecordBatch]
    is_whole: bool = False
    is_timeless: bool = False
    purge_epoch: int = 0

    def close(self) -> None:
        """End the query, unless it has ended."""
        if isinstance(self.batches, Generator):
            self.batches.close()


class ReadService:
    """Runs plans.

    Args:
        database: Pool of connections.
        catalog: What plans may name.
        monitor: Cancels queries whose caller has gone.
        result_cache: Keeps the results of earlier queries.
        scan_connections: Connections of one parallel scan, at most.
        stall_limit: Seconds that may pass without a reader asking for a batch.
        aside: Frees the connections of slow readers; without it, they keep them.
        witness: Decides whether the database server's clock can be trusted.
    """

    def __init__(
        self,
        database: ConnectionPool,
        catalog: Catalog,
        monitor: CancellationMonitor,
        result_cache: ResultCache | None = None,
        *,
        scan_connections: int = 1,
        stall_limit: float = math.inf,
        aside: WriteAside | None = None,
        witness: ClockWitness | None = None,
    ) -> None:
        """Keep what it works with."""
        self._parallel_scan = ParallelScan(database, scan_connections)
        self._result_cache = result_cache or ResultCache(None)
        self._stall_limit = stall_limit
        self._aside = aside
        self._witness = witness or ClockWitness()
        self._database = database
        self._catalog = catalog
        self._monitor = monitor

    def describe(self, plan: Plan, call: Call) -> tuple[Plan, pa.Schema]:
        """Check a plan and fix the instant that it reads at, without running it.

        Args:
            plan: A well-formed plan.
            call: The call.

        Returns:
            The plan with its `as_of` resolved, and the schema of its result. A plan that reads a table
            without versions is returned as it is, since it has no past.

        Raises:
            InvalidRequest: The plan names what does not exist, or lies in the future.
        """
        fixed, result = self.fix(plan, call)
        return fixed, result.arrow_schema

    def fix(self, plan: Plan, call: Call) -> tuple[Plan, Result]:
        """Fix the instant that a plan reads at, as `describe` does.

        Args:
            plan: A well-formed plan.
            call: The call.

        Returns:
            The plan with its instant, and a result without rows that tells the state that it reads.

        Raises:
            InvalidRequest: The plan names what does not exist, or lies in the future.
        """
        bound = self._bound(plan, call)
        with closing(self._stream(bound, SharedQuery(call.is_cancelled), call)) as stream:
            seen = stream.snapshot
            result = Result(
                stream.schema,
                iter(()),
                is_whole=True,
                is_timeless=bound.is_timeless,
                purge_epoch=seen.purge_epoch,
            )
            fixed = plan.model_copy(update={"as_of": seen.instant.as_of})
            return plan if bound.is_timeless else fixed, result

    def run(self, plan: Plan, call: Call) -> Result:
        """Run a plan, or return its result from the cache or from a running query.

        Args:
            plan: A well-formed plan.
            call: The call, with its deadline.

        Returns:
            The result, before its first batch; that of a point lookup is complete.

        Raises:
            InvalidRequest: The plan names what does not exist, or lies in the future.
            ServerBusy: No connection became free in time.
            RequestTimedOut: No connection became free before the deadline.
            DatabaseError: PostgreSQL refused the query.
        """
        bound = self._bound(plan, call)
        lookup = prepare(bound)
        if lookup is not None:
            return self._at_once(lookup, call, is_timeless=bound.is_timeless)
        readers = SharedQuery(call.is_cancelled, self._stall_limit)
        with ExitStack() as stack:
            stream = stack.enter_context(closing(self._stream(bound, readers, call)))
            if self._aside is not None:
                stalled = StalledQuery(readers, self._aside)
                stream.hold(self._monitor.watching(stalled, stalled.is_due))
            batches = self._shared(bound, stream, readers, call)
            stack.pop_all()  # the reader of the batches ends the stream
        purge_epoch = stream.snapshot.purge_epoch
        return Result(stream.schema, batches, is_timeless=bound.is_timeless, purge_epoch=purge_epoch)

    def _shared(
        self,
        bound: BoundPlan,
        stream: PreparedStream,
        readers: SharedQuery,
        call: Call,
    ) -> Iterator[pa.RecordBatch]:
        """Return the batches: from the cache, from a query that others read, or from this stream."""
        if bound.releases is None:  # nothing says how long the rows of a plain table stay as they are
            return readers.begin(stream, None)
        columns = result_schema_of(bound.columns).description
        key = cache_key(stream.prepared.statement.sql, columns, stream.snapshot, bound.releases)
        opened = PreparedQuery(key, stream.snapshot.purge_epoch, readers, stream)
        return self._result_cache.get_or_run(opened, call.is_cancelled)

    def _at_once(self, lookup: PreparedPlan, call: Call, *, is_timeless: bool) -> Result:
        """Run a point lookup, which reads its instant in the same statement."""
        statement = lookup.statement
        with self._connection(call) as connection:
            table = connection.prepared.table(statement.template.text, statement.literals)
        instant, batches = split_clock_columns(table, lookup.max_rows)
        result_schema = result_schema_of(lookup.columns)
        arrow_schema = result_schema.at(instant)
        conforming = iter([result_schema.conform(columns, arrow_schema) for columns in batches])
        return Result(arrow_schema, conforming, is_whole=True, is_timeless=is_timeless)

    def explain(self, plan: Plan, call: Call) -> Explanation:
        """Tell how a plan would be run, without running it.

        Args:
            plan: A well-formed plan.
            call: The call, with its deadline.

        Returns:
            What `run` would do at this moment, and PostgreSQL's plan for it.

        Raises:
            InvalidRequest: The plan names what does not exist, or lies in the future.
        """
        bound = self._bound(plan, call)
        lookup = prepare(bound)
        if lookup is not None:
            sql, parameters = lookup.statement.template.text, lookup.statement.literals
            with self._connection(call) as connection:
                postgresql = connection.prepared.explain(sql, parameters)
            return _explanation(plan, lookup.method, sql, postgresql, parameters=parameters)
        with closing(self._stream(bound, SharedQuery(call.is_cancelled), call)) as stream:
            sql, parts = stream.prepared.statement.sql, stream.divided()
            method = stream.prepared.method if parts else Method.STREAM
            return _explanation(plan, method, sql, stream.explain(parts[0] if parts else sql), parts=parts)

    def _bound(self, plan: Plan, call: Call) -> BoundPlan:
        """Bind a plan, and make sure that no later commit can be stamped before its instant."""
        bound = bind(plan, self._catalog)
        if bound.as_of is not None:
            fence(self._database, bound.as_of, call.caller, call.deadline, self._witness)
        return bound

    @contextmanager
    def _connection(self, call: Call) -> Iterator[Connection]:
        """Take a connection, whose statements are cancelled once the call is."""
        with (
            self._database.connection(Lane.LOOKUP, caller=call.caller, deadline=call.deadline) as connection,
            self._monitor.watching(connection, call.is_cancelled),
        ):
            yield connection

    def _stream(self, bound: BoundPlan, readers: SharedQuery, call: Call) -> PreparedStream:
        return PreparedStream(bound, self._database, self._parallel_scan, self._monitor, readers, call)


def _explanation(
    plan: Plan,
    method: Method,
    sql: str,
    postgresql: str,
    *,
    parameters: Sequence[str] = (),
    parts: Sequence[str] = (),
) -> Explanation:
    return Explanation(
        plan=encode(plan).decode(),
        sql=sql,
        postgresql=postgresql,
        method=method.value,
        parameters=tuple(parameters),
        parts=tuple(parts),
    )
