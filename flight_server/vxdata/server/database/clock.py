"""Instants: which point of the commit order a read sees."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from vxdata.schemas.errors import AsOfInClockGap, AsOfInFuture
from vxdata.server.database.pool import Lane
from vxdata.server.database.witness import ClockReading, ClockWitness
from vxdata.sql import commit_clock as clock
from vxdata.sql.dialect.postgres import texts
from vxdata.sql.instant import Instant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import pyarrow as pa

    from vxdata.server.database.connection import Connection
    from vxdata.server.database.pool import ConnectionPool

MAX_TYPE_LISTS: Final = 1000
"""Lists of resource types that are remembered as SQL."""


def fence(
    database: ConnectionPool,
    as_of: datetime,
    caller: str = "",
    deadline: float = math.inf,
    witness: ClockWitness | None = None,
) -> None:
    """Make sure that no later commit can be stamped at or before an instant.

    Args:
        database: Where the commit clock is.
        as_of: The instant that a read asks for.
        caller: The caller that its connection counts for.
        deadline: When it must be done, by the monotonic clock.
        witness: Decides whether the database server's clock can be trusted.

    Raises:
        AsOfInFuture: The instant is later than the database server's clock, or than any time known as right.
        AsOfInClockGap: Nobody can say which commits had been made at that instant.
    """
    witness = witness or ClockWitness()
    with database.connection(Lane.LOOKUP, caller=caller, deadline=deadline) as connection:
        (row,) = connection.rows(clock.reading_for(as_of))
        reading = _reading(row)
        if row["begins"] is not None:
            raise _in_gap(as_of, row)
        if as_of <= reading.stamp:
            if reading.ahead > witness.ahead:
                _refuse_before_jump(connection, as_of, reading.now + witness.ahead)
            return
    # The floor of later stamps is no more to be raised by a wrong clock than a stamp is.
    raised = False
    if witness.trusts(as_of, reading):
        # Raising the floor waits for the write in progress, so it has a lane of its own.
        with database.connection(Lane.FENCE, caller=caller, deadline=deadline) as connection:
            raised = connection.execute(clock.fence_at(as_of)) > 0
    if not raised:
        msg = f"as_of {as_of.isoformat()} lies in the future; the result could still change."
        raise AsOfInFuture(msg, as_of=as_of.isoformat())


def _refuse_before_jump(connection: Connection, as_of: datetime, limit: datetime) -> None:
    """Refuse an instant between the last commit that was stamped rightly and the first that was not."""
    (gap,) = connection.rows(clock.gap_before(limit))
    if gap["ends"] is not None and as_of < gap["ends"] and (gap["begins"] is None or gap["begins"] < as_of):
        raise _in_gap(as_of, gap)


def _in_gap(as_of: datetime, gap: Mapping[str, datetime | None]) -> AsOfInClockGap:
    begins, ends = (None if end is None else end.isoformat() for end in (gap["begins"], gap["ends"]))
    where = f"from {begins or 'the beginning'} to {ends}"
    msg = (
        f"as_of {as_of.isoformat()} lies in a gap of the commit clock, {where}: "
        "the clock was wrong then, and nobody can say which commits had been made. Read as of either end."
    )
    return AsOfInClockGap(msg, as_of=as_of.isoformat(), begins=begins, ends=ends)


def read_clock(connection: Connection) -> ClockReading:
    """The commit clock beside PostgreSQL's own."""
    return _reading(connection.rows(clock.READING)[0])


def _reading(row: Mapping[str, Any]) -> ClockReading:
    return ClockReading(row["version"], row["stamp"], row["now"], row["vouched"])


def last_commit(connection: Connection) -> Instant:
    """The last commit that the connection's snapshot sees."""
    row = connection.rows(clock.READ)[0]
    return Instant(row["version"], row["stamp"], is_current=True)


@dataclass(frozen=True)
class ResolvedSnapshot:
    """The state of the types that a query reads, as of a snapshot.

    Args:
        instant: The instant at which it reads.
        last_change: Names the last commit that can have changed the result.
        purge_epoch: Number of purges so far; they change results of the past.
    """

    instant: Instant
    last_change: str
    purge_epoch: int


def resolve_snapshot(
    connection: Connection,
    resource_types: tuple[str, ...],
    as_of: datetime | None,
    *,
    reads_log: bool = False,
    hides_rows: bool = False,
) -> ResolvedSnapshot:
    """Resolve the instant of a read, inside the transaction that will read the rows.

    Args:
        connection: In a repeatable-read transaction.
        resource_types: The types that are read.
        as_of: A closed instant, or None for the last commit.
        reads_log: Whether the commit log is read, too.
        hides_rows: Whether the reader does not see all resources of the types: then the statement must not
            depend on whether others of them were changed.

    Returns:
        The instant; it is current when nothing of the types was committed after it, or nothing at all.
    """
    found = connection.prepared.table(clock.READ_FOR, [types_as_sql(resource_types)])
    version, stamp, purge_epoch, type_version, type_stamp = (column[0].as_py() for column in found.columns)
    as_of = as_of or stamp
    is_last = as_of == stamp
    is_current = is_last or (not hides_rows and (type_stamp is None or type_stamp <= as_of))
    change = f"{type_version} {type_stamp}"
    if reads_log or not is_last:
        seen = connection.rows(clock.version_at(as_of))[0]
        version = seen["version"]
        if reads_log or not is_current:
            change = f"{version} {seen['stamp']}"
    return ResolvedSnapshot(Instant(version, as_of, is_current), change, purge_epoch)


@lru_cache(MAX_TYPE_LISTS)
def types_as_sql(resource_types: tuple[str, ...]) -> str:
    """Write a list of resource types for the parameter of a prepared statement."""
    return texts(resource_types)


def split_clock_columns(table: pa.Table, most: int | None = None) -> tuple[Instant, list[list[pa.Array]]]:
    """Take the last commit from beside the rows of a query.

    Args:
        table: What `vxdata.sql.commit_clock.beside` gives.
        most: How many of the rows are wanted; all if None.

    Returns:
        The instant, and the columns of the query, batch by batch.
    """
    batches = table.to_batches()
    version, stamp, is_found = (batches[0].column(place)[0].as_py() for place in range(3))
    if most is not None and most < table.num_rows:
        batches = table.slice(0, most).to_batches()
    instant = Instant(version, stamp, is_current=True)
    return instant, [batch.columns[3:] for batch in batches] if is_found else []


def lock_clock(connection: Connection) -> Instant:
    """Lock the commit clock for the transaction, and tell the instant that its commit will have.

    Every later writer waits until the transaction ends. The clock moves only when the commit is logged.
    """
    return lock_and_read_clock(connection)[0]


def lock_and_read_clock(connection: Connection) -> tuple[Instant, ClockReading]:
    """Lock the commit clock as `lock_clock` does, and tell how it stood."""
    row = connection.rows(clock.LOCK)[0]
    reading = ClockReading(row["version"] - 1, row["last_stamp"], row["now"], row["vouched"])
    return Instant(row["version"], row["stamp"], is_current=True), reading
