"""PostgreSQL's log holds no values of users: not of statements that fail, nor of a process that dies."""

from __future__ import annotations

import os
import secrets
import signal
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pytest

from tests.server.support import scalar, until
from vxdata.schemas.errors import ServerUnavailable
from vxdata.server.database.connection import READ_WRITE
from vxdata.server.database.errors import ConnectionLost, DatabaseError
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.embedded import EmbeddedStack
from vxdata.server.embedded.stack import Layout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from vxdata.server.database.connection import Connection

TABLE = "CREATE TEMPORARY TABLE IF NOT EXISTS uploaded (name text PRIMARY KEY, size int8)"


def rows(names: list[str], size: int = 1) -> pa.RecordBatchReader:
    """An upload of names."""
    table = pa.table(
        {"name": pa.array(names, pa.string()), "size": pa.array([size] * len(names), pa.int64())}
    )
    return table.to_reader()


def upload(connection: Connection, names: list[str]) -> None:
    """Append names to a table of their own."""
    connection.execute(TABLE)
    connection.ingest("uploaded", rows(names))


def stream(connection: Connection, sql: str) -> None:
    """Read a query by COPY."""
    with connection.stream(sql) as batches:
        for _ in batches:
            pass


FAILING: Final[dict[str, Callable[[Connection, str], object]]] = {
    "unknown column": lambda one, name: one.rows(f"SELECT nothing FROM pg_class WHERE relname = '{name}'"),
    "syntax": lambda one, name: one.rows(f"SELECT '{name}' FROM WHERE"),
    "bad number": lambda one, name: one.rows(f"SELECT '{name}'::text::int8 AS n"),
    "bad time": lambda one, name: one.rows(f"SELECT '{name}'::text::timestamptz AS n"),
    "bad pattern": lambda one, name: one.rows(f"SELECT 'x' ~ '({name}' AS n"),
    "in a stream": lambda one, name: stream(one, f"SELECT 1 / (length('{name}') - length('{name}'))"),
    "a key that exists": lambda one, name: upload(one, [name, name]),
    "a zero byte": lambda one, name: upload(one, [f"{name}\0{name}"]),
    "prepared": lambda one, name: one.prepared.table("SELECT $1::text::int8 AS n", [f"'{name}'"]),
    "raised": lambda one, name: one.execute(f"DO $$ BEGIN RAISE WARNING '{name}'; RAISE '{name}'; END $$"),
}


def copying(connection: Connection, name: str) -> None:
    """Upload without an end."""
    connection.execute(TABLE)
    schema = pa.schema([("name", pa.string()), ("size", pa.int64())])

    def batches() -> Iterator[pa.RecordBatch]:
        number = 0
        while True:
            number += 1
            yield pa.record_batch([[f"{name}-{number}"], [number]], schema=schema)

    with connection.transaction(READ_WRITE):
        connection.ingest("uploaded", pa.RecordBatchReader.from_batches(schema, batches()))


RUNNING: Final[dict[str, Callable[[Connection, str], object]]] = {
    "query": lambda one, name: one.rows(f"SELECT pg_sleep(300)::text, '{name}' AS given"),
    "stream": lambda one, name: stream(one, f"SELECT '{name}' AS given, pg_sleep(300)::text"),
    "prepared": lambda one, name: one.prepared.table("SELECT $1 AS n, pg_sleep(300)::text", [f"'{name}'"]),
    "insert": lambda one, name: one.execute(
        TABLE, f"INSERT INTO uploaded SELECT '{name}' FROM pg_sleep(300)"
    ),
    "upload": copying,
}


@pytest.fixture(scope="module")
def own(session_dir: Path) -> Iterator[EmbeddedStack]:
    """A PostgreSQL that this module may crash."""
    with EmbeddedStack.start(session_dir / "log-privacy") as running:
        yield running


@pytest.fixture
def log(own: EmbeddedStack, session_dir: Path) -> Callable[[], str]:
    """Returns all that its PostgreSQL has logged."""
    logs = Layout(session_dir / "log-privacy").logs
    return lambda: "".join(each.read_text("utf-8") for each in logs.glob("postgres.log*"))


@pytest.mark.parametrize("kind", FAILING)
def test_of_a_statement_that_fails(
    kind: str, own: EmbeddedStack, log: Callable[[], str], unique: str
) -> None:
    with closing(ConnectionPool(own.postgres_uri, size=1)) as pool, pool.connection() as connection:
        with pytest.raises(DatabaseError):
            FAILING[kind](connection, unique)
        logged_later = f"later-{secrets.token_hex(4)}"
        connection.execute(f"DO $$ BEGIN RAISE LOG '{logged_later}'; END $$")
    until(lambda: logged_later in log(), "PostgreSQL has logged what came after it")
    assert unique not in log()


@pytest.mark.parametrize("kind", RUNNING)
def test_of_a_process_that_dies(kind: str, own: EmbeddedStack, log: Callable[[], str], unique: str) -> None:
    failures: list[Exception] = []
    victim = ConnectionPool(own.postgres_uri, size=1)

    def run() -> None:
        try:
            RUNNING[kind](connection, unique)
        except DatabaseError as error:
            failures.append(error)

    with closing(victim), victim.connection() as connection:
        pid = connection.rows("SELECT pg_backend_pid() AS pid")[0]["pid"]
        thread = threading.Thread(target=run)
        with closing(ConnectionPool(own.postgres_uri, size=1)) as watching:
            thread.start()
            sql = (
                f"SELECT count(*) AS n FROM pg_stat_activity WHERE pid = {pid} AND state = 'active' "
                f"AND (wait_event = 'PgSleep' OR query LIKE 'COPY%')"
            )
            until(lambda: scalar(watching, sql), "it runs")
            os.kill(pid, signal.SIGKILL)
        thread.join()
    assert [type(failure) for failure in failures] == [ConnectionLost]
    until(lambda: f"(PID {pid}) was terminated by signal 9" in log(), "PostgreSQL has logged the death")
    until(lambda: accepts(own), "PostgreSQL is back")
    assert unique not in log()


def accepts(stack: EmbeddedStack) -> bool:
    """Whether PostgreSQL answers on a new connection."""
    try:
        with closing(ConnectionPool(stack.postgres_uri, size=1)) as pool:
            return bool(scalar(pool, "SELECT 1 AS one"))
    except (ServerUnavailable, DatabaseError):
        return False
