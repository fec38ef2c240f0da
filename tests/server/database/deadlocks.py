"""A deadlock between one of our writers and somebody at a console, which ours is the one to give way in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from pydantic import SecretStr

from tests.server.support import scalar, until
from vxdata.server.database.connection import READ_WRITE
from vxdata.server.database.pool import ConnectionPool, Lane
from vxdata.sql import commit_clock as clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from vxdata.server.database.connection import Connection

Answer = TypeVar("Answer")


def deadlocked(
    act: Callable[[], Answer], database: ConnectionPool, admin: ConnectionPool, first: str, second: str
) -> Answer:
    """Do something that locks the clock and then reads two tables, so that it meets a deadlock once.

    The first table holds it back until the operator, who has the second one, waits for the clock. So
    the circle closes with our own wait. PostgreSQL breaks off the transaction that finds it, and the
    operator's, with a time-out of an hour, does not look for one.

    Args:
        act: What to do.
        database: Where.
        admin: Connections of the superuser, who alone may change the time-out.
        first: A table that is read after the clock is locked.
        second: One that is read after that.

    Returns:
        What it returned, after the operator has had the clock.
    """
    with (
        closing(_beside(admin, database)) as other,
        other.connection() as operator,
        database.connection() as gate,
        ThreadPoolExecutor(2) as threads,
    ):
        operator.execute("SET deadlock_timeout = '1h'")
        for connection, table in ((gate, first), (operator, second)):
            connection.execute(READ_WRITE)
            connection.execute(f'LOCK TABLE vxdata."{table}"')
        ours = threads.submit(act)
        until(partial(waits_for, database, first), "ours has the clock and waits for the first table")
        theirs = threads.submit(operator.rows, clock.LOCK)
        until(partial(waits_for, database, "commit_clock"), "the operator waits for the clock")
        gate.rollback()
        assert len(theirs.result()) == 1
        operator.rollback()
        return ours.result()


def waits_for(database: ConnectionPool, table: str) -> bool:
    """Whether a transaction waits for a table, or for a row of it."""
    sql = (
        "SELECT count(*) AS n FROM pg_locks AS waiting JOIN pg_locks AS wanted USING (pid) "
        # Who waits for a row has locked its place in the queue.
        "WHERE NOT waiting.granted AND (wanted.locktype = 'tuple' OR NOT wanted.granted) "
        f"AND wanted.relation = 'vxdata.\"{table}\"'::regclass"
    )
    return bool(scalar(database, sql))


def _beside(admin: ConnectionPool, database: ConnectionPool) -> ConnectionPool:
    """Connections of the superuser to another database of the cluster."""
    name = scalar(database, "SELECT current_database() AS name")
    return ConnectionPool(
        SecretStr(
            admin._logins[Lane.WRITE].factory._uri.get_secret_value().replace("/postgres?", f"/{name}?")
        ),
        size=1,
    )


def raise_conflict(connection: Connection, sqlstate: str) -> None:
    """Let PostgreSQL refuse a statement with a code of its own."""
    connection.execute(f"DO $$ BEGIN RAISE EXCEPTION 'broken off' USING ERRCODE = '{sqlstate}'; END $$")
