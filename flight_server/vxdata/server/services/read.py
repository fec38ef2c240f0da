"""Read: a plan becomes a stream of record batches that knows the instant it was read at."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from vxdata.schemas.binding import bind
from vxdata.schemas.plan import encode
from vxdata.schemas.wire import Explanation
from vxdata.server.copies import CopyError
from vxdata.server.database.clock import fence, split_clock_columns
from vxdata.server.database.pool import Lane
from vxdata.server.database.witness import ClockWitness
from vxdata.server.result_cache.cache import PreparedQuery, ResultCache
from vxdata.server.result_cache.key import cache_key
from vxdata.server.result_cache.monitored import StalledQuery
from vxdata.server.result_cache.shared_query import SharedQuery
from vxdata.server.services.copy_reads import CopyReads
from vxdata.server.services.copy_stream import CopyStream
from vxdata.server.services.prepared_stream import PreparedStream
from vxdata.server.services.result_schema import result_schema_of
from vxdata.sql.query.prepared import Method, prepare

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from vxdata.schemas.binding import BoundPlan
    from vxdata.schemas.catalog import Catalog
    from vxdata.schemas.plan import Plan
    from vxdata.server.call import Call
    from vxdata.server.database.connection import Connection
    from vxdata.server.database.monitor import CancellationMonitor
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.result_cache.write_aside import WriteAside
    from vxdata.server.trail import Question
    from vxdata.sql.query.prepared import PreparedPlan

HAS_ALL: Final = "the copies hold every commit that the query must see"

HIDDEN: Final = "how an engine runs it depends on data that are not granted, and is not told"
"""What an explanation says in the place of an engine's plan, which estimates rows that are hidden."""


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
        view: Names what the caller sees of the resources; empty where that is all.
    """

    arrow_schema: pa.Schema
    batches: Iterator[pa.RecordBatch]
    is_whole: bool = False
    is_timeless: bool = False
    purge_epoch: int = 0
    view: str = ""

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
        stall_limit: Seconds that may pass without a reader asking for a batch.
        write_aside: Frees the connections of slow readers; without it, they keep theirs.
        witness: Decides whether the database server's clock can be trusted.
        copy_reads: Answers from the columnar copies what these hold.
    """

    def __init__(
        self,
        database: ConnectionPool,
        catalog: Catalog,
        monitor: CancellationMonitor,
        result_cache: ResultCache | None = None,
        *,
        stall_limit: float = math.inf,
        write_aside: WriteAside | None = None,
        witness: ClockWitness | None = None,
        copy_reads: CopyReads | None = None,
    ) -> None:
        """Keep what it works with."""
        self._copy_reads = copy_reads or CopyReads(None, database, monitor)
        self._answered: Counter[str] = Counter()
        self._counting = threading.Lock()
        self._result_cache = result_cache or ResultCache(None)
        self._stall_limit = stall_limit
        self._write_aside = write_aside
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
        question = call.trail.ask(plan)
        bound = self._bound(plan, call)
        with closing(self._stream(bound, SharedQuery(call.is_cancelled), call)) as stream:
            seen = stream.snapshot
            question.see(seen.instant.as_of, seen.instant.version)
            result = Result(
                stream.schema,
                iter(()),
                is_whole=True,
                is_timeless=bound.is_timeless,
                purge_epoch=seen.purge_epoch,
                view=call.principal.grants.view,
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
        question = call.trail.ask(plan)
        bound = self._bound(plan, call)
        lookup = prepare(bound)
        if lookup is not None:
            self._count(lookup.engine)
            return self._at_once(lookup, call, question, is_timeless=bound.is_timeless)
        readers = SharedQuery(call.is_cancelled, self._stall_limit)
        with ExitStack() as stack:
            copied = self._copied(bound, readers, call)
            stream = copied if isinstance(copied, CopyStream) else self._stream(bound, readers, call)
            stack.callback(stream.close)
            self._count(stream.prepared.engine)
            if self._write_aside is not None:
                stalled = StalledQuery(readers, self._write_aside)
                stream.hold(self._monitor.watching(stalled, stalled.is_due))
            batches = self._shared(bound, stream, readers, call)
            stack.pop_all()  # the reader of the batches ends the stream
        seen = stream.snapshot
        question.see(seen.instant.as_of, seen.instant.version)
        return Result(
            stream.schema,
            call.trail.counted(batches),
            is_timeless=bound.is_timeless,
            purge_epoch=seen.purge_epoch,
            view=call.principal.grants.view,
        )

    def _shared(
        self,
        bound: BoundPlan,
        stream: PreparedStream | CopyStream,
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

    def _at_once(self, lookup: PreparedPlan, call: Call, question: Question, *, is_timeless: bool) -> Result:
        """Run a point lookup, which reads its instant in the same statement."""
        statement = lookup.statement
        with self._connection(call) as connection:
            table = connection.prepared.table(statement.template.text, statement.literals)
        instant, batches = split_clock_columns(table, lookup.max_rows)
        question.see(instant.as_of, instant.version)
        result_schema = result_schema_of(lookup.columns)
        arrow_schema = result_schema.at(instant)
        conforming = [result_schema.conform(columns, arrow_schema) for columns in batches]
        call.trail.read(sum(batch.num_rows for batch in conforming))
        return Result(
            arrow_schema,
            iter(conforming),
            is_whole=True,
            is_timeless=is_timeless,
            view=call.principal.grants.view,
        )

    def answers(self) -> dict[str, int]:
        """Tell how many plans each engine has answered so far."""
        with self._counting:
            return dict(self._answered)

    def explain(self, plan: Plan, call: Call) -> Explanation:
        """Tell how a plan would be run, without running it.

        Args:
            plan: A well-formed plan.
            call: The call, with its deadline.

        Returns:
            What `run` would do at this moment, which engine answers and why, and that engine's plan; where
            rows are hidden from the caller, PostgreSQL's statement alone.

        Raises:
            InvalidRequest: The plan names what does not exist, or lies in the future.
        """
        call.trail.ask(plan)
        bound = self._bound(plan, call)
        lookup = prepare(bound)
        if bound.hides_rows:
            return self._explained_in_part(plan, bound, lookup, call)
        if lookup is not None:
            sql, parameters = lookup.statement.template.text, lookup.statement.literals
            with self._connection(call) as connection:
                postgresql = connection.prepared.explain(sql, parameters)
            told = {"parameters": parameters, "reason": "a few resources are found by an index"}
            return _explanation(plan, lookup, postgresql=postgresql, **told)
        readers = SharedQuery(call.is_cancelled)
        copied = self._copied(bound, readers, call)
        if isinstance(copied, CopyStream):
            try:
                with closing(copied):
                    return _explanation(plan, copied.prepared, duckdb=copied.explain(), reason=HAS_ALL)
            except CopyError as error:
                copied = str(error)
        with closing(self._stream(bound, readers, call)) as stream:
            return _explanation(plan, stream.prepared, postgresql=stream.explain(), reason=copied)

    def _explained_in_part(
        self, plan: Plan, bound: BoundPlan, lookup: PreparedPlan | None, call: Call
    ) -> Explanation:
        """Tell the statement, which follows from the plan, the grants and the number of the last commit."""
        if lookup is not None:
            return _explanation(plan, lookup, parameters=lookup.statement.literals, reason=HIDDEN)
        with closing(self._stream(bound, SharedQuery(call.is_cancelled), call)) as stream:
            return _explanation(plan, stream.prepared, reason=HIDDEN)

    def catalog_of(self, call: Call) -> Catalog:
        """Show what a caller may name.

        Args:
            call: The call.

        Returns:
            The catalog, without what is hidden from the caller.
        """
        return self._catalog.seen_by(call.principal.grants)

    def _bound(self, plan: Plan, call: Call) -> BoundPlan:
        """Bind a plan, and make sure that no later commit can be stamped before its instant."""
        bound = bind(plan, self.catalog_of(call))
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

    def _copied(self, bound: BoundPlan, readers: SharedQuery, call: Call) -> CopyStream | str:
        """Open the stream of a plan that the copies answer, or tell why they do not."""
        return self._copy_reads.open(bound, readers, call, lambda plan: self._stream(plan, readers, call))

    def _count(self, engine: str) -> None:
        with self._counting:
            self._answered[engine] += 1

    def _stream(self, bound: BoundPlan, readers: SharedQuery, call: Call) -> PreparedStream:
        return PreparedStream(bound, self._database, self._monitor, readers, call)


def _explanation(plan: Plan, prepared: PreparedPlan, **told: Any) -> Explanation:
    """Explain a plan: what is told beside it depends on the engine."""
    statement = prepared.statement
    is_lookup = prepared.method is Method.POINT_LOOKUP
    return Explanation(
        plan=encode(plan).decode(),
        sql=statement.template.text if is_lookup else statement.sql,
        method=prepared.method.value,
        engine=prepared.engine,
        **{"postgresql": "", **told},
    )
