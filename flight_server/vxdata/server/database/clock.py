"""Instants: which point of the commit order a read sees."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from vxdata.schemas.errors import AsOfInFuture
from vxdata.server.database.pool import Lane
from vxdata.sql import commit_clock as clock
from vxdata.sql.dialect.postgres import texts
from vxdata.sql.instant import Instant

if TYPE_CHECKING:
    from datetime import datetime

    import pyarrow as pa

    from vxdata.server.database.connection import Connection
    from vxdata.server.database.pool import ConnectionPool

MAX_TYPE_LISTS: Final = 1000
"""Lists of resource types that are remembered as SQL."""


def fence(database: ConnectionPool, as_of: datetime, caller: str = "", deadline: float = math.inf) -> None:
    """Make sure that no later commit can be stamped at or before an instant.

    Args:
        database: Where the commit clock is.
        as_of: The instant that a read asks for.
        caller: The caller that its connection counts for.
        deadline: When it must be done, by the monotonic clock.

    Raises:
        AsOfInFuture: The instant is later than the database server's clock.
    """
    with database.connection(Lane.LOOKUP, caller=caller, deadline=deadline) as connection:
        if as_of <= last_commit(connection).as_of:
            return
    # Raising the floor waits for the write in progress, so it has a lane of its own.
    with database.connection(Lane.FENCE, caller=caller, deadline=deadline) as connection:
        if not connection.execute(clock.fence_at(as_of)):
            msg = f"as_of {as_of.isoformat()} lies in the future; the result could still change."
            raise AsOfInFuture(msg, as_of=as_of.isoformat())


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
) -> ResolvedSnapshot:
    """Resolve the instant of a read, inside the transaction that will read the rows.

    Args:
        connection: In a repeatable-read transaction.
        resource_types: The types that are read.
        as_of: A closed instant, or None for the last commit.
        reads_log: Whether the commit log is read, too.

    Returns:
        The instant; it is current when nothing of the types was committed after it.
    """
    found = connection.prepared.table(clock.READ_FOR, [_as_sql(resource_types)])
    version, stamp, purge_epoch, type_version, type_stamp = (column[0].as_py() for column in found.columns)
    as_of = as_of or stamp
    is_last = as_of == stamp
    is_current = is_last or type_stamp is None or type_stamp <= as_of
    change = f"{type_version} {type_stamp}"
    if reads_log or not is_last:
        seen = connection.rows(clock.version_at(as_of))[0]
        version = seen["version"]
        if reads_log or not is_current:
            change = f"{version} {seen['stamp']}"
    return ResolvedSnapshot(Instant(version, as_of, is_current), change, purge_epoch)


@lru_cache(MAX_TYPE_LISTS)
def _as_sql(resource_types: tuple[str, ...]) -> str:
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
    row = connection.rows(clock.LOCK)[0]
    return Instant(row["version"], row["stamp"], is_current=True)
