"""Copy reads: the plans that DuckDB answers from the columnar copies, and why PostgreSQL answers the others.

A read never waits for a copy: where the copies lack what it must see, PostgreSQL answers it, and the copier
is told.
"""

from __future__ import annotations

import math
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from vxdata.schemas.catalog.builtin import COMMIT
from vxdata.server.copies import CopiesUnavailable, CopyError
from vxdata.server.database.pool import Lane
from vxdata.server.database.type_clocks import Change, read_type_clocks
from vxdata.server.result_cache.monitored import CancellableQuery
from vxdata.server.services.copy_stream import CopyStream
from vxdata.server.services.currency import NotCurrent, snapshot_in
from vxdata.sql.dialect.duckdb import DUCKDB
from vxdata.sql.query.engines import Abilities, reason_for_postgresql
from vxdata.sql.query.prepared import prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vxdata.schemas.binding import BoundPlan
    from vxdata.server.call import Call
    from vxdata.server.copies import Applied, Copies
    from vxdata.server.database.monitor import CancellationMonitor
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.database.type_clocks import TypeClocks
    from vxdata.server.result_cache.shared_query import SharedQuery
    from vxdata.server.services.owned_stream import OwnedStream

PLACE_SECONDS: Final = 10.0
"""Seconds to wait for a place among those who ask the copies.

Most questions are done within some milliseconds, and PostgreSQL takes ten to fifty times the processor time
for them: where many ask, those who did not wait would make all others wait the longer. Whoever reads slowly
gives its place up after `VXDATA_STALL_YIELD`, two seconds by default.
"""

NO_COPIES: Final = "this server keeps no copies"
COPIER_FAILED: Final = "the copier has just failed"

AT_BEST: Final = Abilities(folds_case=True)
"""What copies can do at best: plans that need more are PostgreSQL's, whatever copies there are."""


class _StaysWithPostgreSQL(Exception):
    """A copy cannot answer a plan; the message tells why."""


class CopyReads:
    """Opens the streams of plans that DuckDB can answer.

    Args:
        copies: The columnar copies; None where the server keeps none.
        database: Tells the clocks.
        monitor: Cancels statements whose readers have gone, or that have had all of their time.
        limit: Seconds that a statement may take.
    """

    def __init__(
        self,
        copies: Copies | None,
        database: ConnectionPool,
        monitor: CancellationMonitor,
        limit: float = math.inf,
    ) -> None:
        """Keep what it works with."""
        self._copies = copies
        self._database = database
        self._monitor = monitor
        self._limit = limit

    def open(
        self,
        plan: BoundPlan,
        readers: SharedQuery,
        call: Call,
        postgresql_stream: Callable[[BoundPlan], OwnedStream],
    ) -> CopyStream | str:
        """Open the stream of a plan, if the copies can answer it now.

        Args:
            plan: A bound plan, whose instant is closed.
            readers: The shared query that will read the batches.
            call: The call, with its deadline.
            postgresql_stream: Opens PostgreSQL's stream of a plan, if DuckDB refuses it.

        Returns:
            The stream; or, as text, the reason why PostgreSQL has to answer.

        Raises:
            ServerBusy: No connection to PostgreSQL, which tells the clocks, became free in time.
            RequestTimedOut: None became free before the deadline.
        """
        try:
            return self._open(plan, readers, call, postgresql_stream)
        except (_StaysWithPostgreSQL, CopiesUnavailable, CopyError) as reason:
            return str(reason)

    def _open(
        self,
        plan: BoundPlan,
        readers: SharedQuery,
        call: Call,
        postgresql_stream: Callable[[BoundPlan], OwnedStream],
    ) -> CopyStream:
        if self._copies is None:
            raise _StaysWithPostgreSQL(NO_COPIES)
        _require_rules(plan, AT_BEST)  # before a place is waited for
        names = _names(plan)
        with ExitStack() as resources:
            lent = self._copies.connection(caller=call.caller, wait=PLACE_SECONDS, deadline=call.deadline)
            connection = resources.enter_context(lent)
            applied = connection.applied(names)
            if connection.abilities != AT_BEST:
                _require_rules(plan, connection.abilities)
            snapshot = snapshot_in(names, applied, self._clocks(plan, call, applied.values()))
            if isinstance(snapshot, NotCurrent):
                self._copies.wake()
                raise _StaysWithPostgreSQL(snapshot.reason)
            # Looked at after the transaction has begun, which may show rows that it should not.
            if not self._copies.is_trusted:
                raise _StaysWithPostgreSQL(COPIER_FAILED)
            prepared = prepare(plan, snapshot.instant, DUCKDB)
            same = replace(plan, as_of=snapshot.instant.as_of)
            stream = CopyStream(
                resources.pop_all(),
                connection,
                prepared,
                snapshot,
                lambda: postgresql_stream(same),
                self._limit,
            )
        stream.hold(self._monitor.watching(CancellableQuery(connection, readers), readers.is_abandoned))
        stream.hold(self._monitor.watching(connection, stream.is_late))
        return stream

    def _clocks(self, plan: BoundPlan, call: Call, applied: Iterable[Applied]) -> TypeClocks:
        commits = {Change(each.version, each.stamp) for each in applied if each.version}
        lent = self._database.connection(Lane.LOOKUP, caller=call.caller, deadline=call.deadline)
        with lent as connection, self._monitor.watching(connection, call.is_cancelled):
            return read_type_clocks(connection, plan.members, plan.as_of, commits)


def _names(plan: BoundPlan) -> tuple[str, ...]:
    """The types whose copies a plan reads, and the commit log if it is read."""
    return (*plan.members, COMMIT) if plan.reads_log else plan.members


def _require_rules(plan: BoundPlan, abilities: Abilities) -> None:
    reason = reason_for_postgresql(plan, abilities)
    if reason is not None:
        raise _StaysWithPostgreSQL(reason)
