"""Read: a plan becomes a stream of record batches that knows the instant it was read at."""

from __future__ import annotations

import math
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from vxdata.schemas.plan import bind, encode
from vxdata.schemas.wire import AS_OF_KEY, VERSION_KEY, Explanation
from vxdata.server.clock import close_instant, last_commit, resolve_instant
from vxdata.server.conform import conform, result_schema
from vxdata.server.database import READ_ONLY
from vxdata.server.stall import Attended, Taken
from vxdata.sql.compile import compile_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    import pyarrow as pa

    from vxdata.schemas.catalog import Catalog
    from vxdata.schemas.plan import BoundPlan, Plan
    from vxdata.server.database import Database
    from vxdata.server.watch import Watch
    from vxdata.sql.instant import Instant


@dataclass(frozen=True)
class Result:
    """A running query.

    Args:
        arrow_schema: Schema of every batch; its metadata names the instant.
        batches: The stream. Closing it, or letting it be collected, cancels the query.
    """

    arrow_schema: pa.Schema
    batches: Iterator[pa.RecordBatch]


class ReadService:
    """Answers plans.

    Args:
        database: Pool of connections.
        catalog: What plans may name.
        watch: Cancels queries whose caller has gone.
        stall_limit: Seconds that a part of an answer may wait to be taken.
    """

    def __init__(
        self, database: Database, catalog: Catalog, watch: Watch, *, stall_limit: float = math.inf
    ) -> None:
        """Keep the parts."""
        self._stall_limit = stall_limit
        self._database = database
        self._catalog = catalog
        self._watch = watch

    def describe(self, plan: Plan) -> tuple[Plan, pa.Schema]:
        """Check a plan and fix the instant that it reads at, without running it.

        Args:
            plan: A well-formed plan.

        Returns:
            The plan with its `as_of` resolved, and the schema of its result.

        Raises:
            InvalidRequest: The plan names what does not exist, or lies in the future.
        """
        bound = bind(plan, self._catalog)
        if bound.as_of is not None:
            close_instant(self._database, bound.as_of)
        with self._database.connection() as connection, connection.transaction(READ_ONLY):
            if bound.as_of is None:
                instant = last_commit(connection)
            else:
                instant = resolve_instant(connection, bound.members, bound.as_of)
        return plan.model_copy(update={"as_of": instant.as_of}), _schema(bound, instant)

    def run(self, plan: Plan, is_cancelled: Callable[[], bool]) -> Result:
        """Run a plan.

        Args:
            plan: A well-formed plan.
            is_cancelled: Tells whether the caller has gone; asked from another thread.

        Returns:
            The running query, with its first row on the way.

        Raises:
            InvalidRequest: The plan names what does not exist, or lies in the future.
            ServerBusy: No connection became free in time.
            DatabaseError: PostgreSQL refused the query.
        """
        bound = bind(plan, self._catalog)
        if bound.as_of is not None:
            close_instant(self._database, bound.as_of)
        taken = Taken(self._stall_limit)
        # A weak reference: dropping the answer has to drop the stream, which ends the query.
        stream = self._stream(bound, is_cancelled, weakref.proxy(taken))
        arrow_schema = cast("pa.Schema", next(stream))
        return Result(arrow_schema, taken.of(stream))

    def explain(self, plan: Plan, is_cancelled: Callable[[], bool]) -> Explanation:
        """Tell how a plan would be run, without running it.

        Args:
            plan: A well-formed plan.
            is_cancelled: Tells whether the caller has gone; asked from another thread.

        Returns:
            The statement that it becomes at this moment, and PostgreSQL's plan for it.

        Raises:
            InvalidRequest: The plan names what does not exist, or lies in the future.
        """
        bound = bind(plan, self._catalog)
        if bound.as_of is not None:
            close_instant(self._database, bound.as_of)
        with (
            self._database.connection() as connection,
            self._watch.over(connection, is_cancelled),
            connection.transaction(READ_ONLY),
        ):
            sql = compile_plan(bound, resolve_instant(connection, bound.members, bound.as_of))
            lines = connection.rows(f"EXPLAIN {sql}")
        postgresql = "\n".join(row["QUERY PLAN"] for row in lines)
        return Explanation(plan=encode(plan).decode(), sql=sql, postgresql=postgresql)

    def _stream(
        self, bound: BoundPlan, is_cancelled: Callable[[], bool], taken: Taken
    ) -> Generator[pa.Schema | pa.RecordBatch]:
        """Yield the schema, then the batches.

        The schema comes first so that the generator has started when its owner gets it: only then do
        its `with` blocks end, and release the connection, however it is dropped.
        """
        with (
            self._database.connection() as connection,
            self._watch.over(Attended(connection, taken), lambda: is_cancelled() or taken.is_stalled()),
            connection.transaction(READ_ONLY),
        ):
            instant = resolve_instant(connection, bound.members, bound.as_of)
            arrow_schema = _schema(bound, instant)
            with connection.stream(compile_plan(bound, instant)) as batches:
                yield arrow_schema
                for batch in batches:
                    yield conform(batch, arrow_schema)


def _schema(bound: BoundPlan, instant: Instant) -> pa.Schema:
    return result_schema(bound.columns).with_metadata(
        {
            AS_OF_KEY: instant.as_of.isoformat(timespec="microseconds").encode(),
            VERSION_KEY: str(instant.version).encode(),
        }
    )
