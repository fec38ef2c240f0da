"""Read: a plan becomes a stream of record batches that knows the instant it was read at."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, cast

from vxdata.schemas.plan import bind, encode
from vxdata.schemas.wire import Explanation
from vxdata.server.answers.desk import Desk, Opened
from vxdata.server.answers.key import answer_key
from vxdata.server.answers.running import Attended, Running
from vxdata.server.clock import close_instant, last_commit, resolve_instant, split_instant
from vxdata.server.conform import layout_of
from vxdata.server.connection import READ_ONLY
from vxdata.server.parts import Parts, Reading
from vxdata.sql.compile import compile_plan
from vxdata.sql.shapes import render_plan
from vxdata.sql.short_reads import short_read

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    import pyarrow as pa

    from vxdata.schemas.catalog import Catalog
    from vxdata.schemas.plan import BoundPlan, Plan
    from vxdata.server.clock import Resolved
    from vxdata.server.database import Database
    from vxdata.server.watch import Watch
    from vxdata.sql.short_reads import ShortRead


@dataclass(frozen=True)
class Result:
    """A running query.

    Args:
        arrow_schema: Schema of every batch; its metadata names the instant.
        batches: The stream. Closing it, or letting it be collected, cancels the query.
        is_whole: Whether nothing runs any more, and all batches are in memory.
    """

    arrow_schema: pa.Schema
    batches: Iterator[pa.RecordBatch]
    is_whole: bool = False


class ReadService:
    """Answers plans.

    Args:
        database: Pool of connections.
        catalog: What plans may name.
        watch: Cancels queries whose caller has gone.
        desk: Gives out answers that are there already.
        parts: Most connections of an answer.
        stall_limit: Seconds that a part of an answer may wait to be taken.
    """

    def __init__(
        self,
        database: Database,
        catalog: Catalog,
        watch: Watch,
        desk: Desk | None = None,
        *,
        parts: int = 1,
        stall_limit: float = math.inf,
    ) -> None:
        """Keep what it works with."""
        self._parts = Parts(database, parts)
        self._desk = desk or Desk(None)
        self._stall_limit = stall_limit
        self._database = database
        self._catalog = catalog
        self._watch = watch

    def describe(self, plan: Plan) -> tuple[Plan, pa.Schema]:
        """Check a plan and fix the instant that it reads at, without running it.

        Args:
            plan: A well-formed plan.

        Returns:
            The plan with its `as_of` resolved, and the schema of its result. A plan that reads a table
            without versions is returned as it is, since it has no past.

        Raises:
            InvalidRequest: The plan names what does not exist, or lies in the future.
        """
        bound = self._bound(plan)
        with self._database.connection() as connection, connection.transaction(READ_ONLY):
            if bound.as_of is None:
                instant = last_commit(connection)
            else:
                instant = resolve_instant(connection, bound.members, bound.as_of).instant
        if bound.is_timeless:
            return plan, layout_of(bound.columns).at(instant)
        return plan.model_copy(update={"as_of": instant.as_of}), layout_of(bound.columns).at(instant)

    def run(self, plan: Plan, is_cancelled: Callable[[], bool]) -> Result:
        """Answer a plan: from what is kept, together with others who ask the same, or by running it.

        Args:
            plan: A well-formed plan.
            is_cancelled: Tells whether the caller has gone; asked from another thread.

        Returns:
            The answer, with its first row on the way; that of a short read whole.

        Raises:
            InvalidRequest: The plan names what does not exist, or lies in the future.
            ServerBusy: No connection became free in time.
            DatabaseError: PostgreSQL refused the query.
        """
        bound = self._bound(plan)
        short = short_read(bound)
        if short is not None:
            return self._at_once(short, bound, is_cancelled)
        running = Running(is_cancelled, self._stall_limit)
        stream = self._stream(bound, running)
        seen, sql, arrow_schema = cast("_Question", next(stream))
        batches = cast("Generator[pa.RecordBatch]", stream)
        if bound.releases is None:  # nothing says how long the rows of a plain table stay as they are
            return Result(arrow_schema, running.begin(batches, None))
        key = answer_key(sql, layout_of(bound.columns).description, seen, bound.releases)
        opened = Opened(key, seen.purge_epoch, running, batches)
        return Result(arrow_schema, self._desk.answer(opened, is_cancelled))

    def _at_once(self, short: ShortRead, bound: BoundPlan, is_cancelled: Callable[[], bool]) -> Result:
        """Answer a short read: with its instant, in one statement."""
        with self._database.connection() as connection, self._watch.over(connection, is_cancelled):
            table = connection.prepared.table(short.statement, short.literals)
        instant, batches = split_instant(table, short.most)
        layout = layout_of(bound.columns)
        arrow_schema = layout.at(instant)
        conforming = iter([layout.conform(columns, arrow_schema) for columns in batches])
        return Result(arrow_schema, conforming, is_whole=True)

    def explain(self, plan: Plan, is_cancelled: Callable[[], bool]) -> Explanation:
        """Tell how a plan would be run, without running it.

        Args:
            plan: A well-formed plan.
            is_cancelled: Tells whether the caller has gone; asked from another thread.

        Returns:
            The statement that it becomes at this moment, and PostgreSQL's plan for it. (A short read has
            the commit clock beside that, reads up to 100 rows, and is prepared.)

        Raises:
            InvalidRequest: The plan names what does not exist, or lies in the future.
        """
        bound = self._bound(plan)
        with (
            self._database.connection() as connection,
            self._watch.over(connection, is_cancelled),
            connection.transaction(READ_ONLY),
        ):
            seen = resolve_instant(connection, bound.members, bound.as_of)
            sql = compile_plan(bound, seen.instant)
            lines = connection.rows(f"EXPLAIN {sql}")
        postgresql = "\n".join(row["QUERY PLAN"] for row in lines)
        return Explanation(plan=encode(plan).decode(), sql=sql, postgresql=postgresql)

    def _bound(self, plan: Plan) -> BoundPlan:
        """Bind a plan, and make sure that no later commit can be stamped before its instant."""
        bound = bind(plan, self._catalog)
        if bound.as_of is not None:
            close_instant(self._database, bound.as_of)
        return bound

    def _stream(self, bound: BoundPlan, answer: Running) -> Generator[_Question | pa.RecordBatch]:
        """Yield what will be asked, then the batches.

        The question comes first so that the generator has started when its owner gets it: only then do
        its `with` blocks end, and release the connection, however it is dropped.
        """
        with (
            self._database.connection() as connection,
            self._watch.over(Attended(reading := Reading(connection), answer), answer.is_deserted),
            connection.transaction(READ_ONLY),
        ):
            seen = resolve_instant(connection, bound.members, bound.as_of, reads_log=bound.reads_log)
            sql = render_plan(bound, seen.instant)
            layout = layout_of(bound.columns)
            arrow_schema = layout.at(seen.instant)
            # At once: a client that waits for its schema could not cancel the call.
            yield _Question(seen, sql, arrow_schema)
            with self._parts.stream(reading, bound, seen.instant, sql) as batches:
                for batch in batches:
                    yield layout.conform(batch.columns, arrow_schema)


class _Question(NamedTuple):
    """What PostgreSQL is about to be asked."""

    seen: Resolved
    sql: str
    arrow_schema: pa.Schema
