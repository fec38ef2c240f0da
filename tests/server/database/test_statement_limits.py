"""PostgreSQL ends statements that take too long or too much disk, and callers are told which limit it was."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING, Final

import pytest

from tests.server.support import scalar, until
from vxdata.schemas.create import DataSourceCreate
from vxdata.schemas.errors import LimitExceeded, ServerUnavailable
from vxdata.sdk import Client
from vxdata.server.app import Server
from vxdata.server.database.connection import READ_ONLY, READ_WRITE
from vxdata.server.database.errors import LimitReached, OutOfResources, StatementCancelled, classify_text
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.database.statement_limits import StatementLimits, limit_exceeded
from vxdata.server.listeners.errors import translate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import SecretStr

    from vxdata.server.config import Settings
    from vxdata.server.database.connection import Connection

SECONDS: Final = 0.4
MIB: Final = 1024 * 1024

SLOW: Final = "SELECT pg_sleep(300)::text AS slept"
SLOW_LATER: Final = (
    "SELECT g, pg_sleep(CASE WHEN g > 500000 THEN 300 END)::text FROM generate_series(1, 600000) g"
)
SORTED: Final = "SELECT g FROM generate_series(1, 2000000) AS g ORDER BY md5(g::text)"
SORTED_LATER: Final = (
    "SELECT g FROM generate_series(1, 500000) AS g "
    "UNION ALL SELECT g FROM (SELECT g FROM generate_series(1, 2000000) AS g ORDER BY md5(g::text)) AS sorted"
)


@pytest.fixture
def hurried(database_uri: SecretStr) -> Iterator[ConnectionPool]:
    """A pool whose statements get little time."""
    with closing(ConnectionPool(database_uri, size=2, limits=StatementLimits(seconds=SECONDS))) as pool:
        yield pool


@pytest.fixture
def tight(database_uri: SecretStr) -> Iterator[ConnectionPool]:
    """A pool whose statements get little disk."""
    with closing(ConnectionPool(database_uri, size=1, limits=StatementLimits(temp_bytes=MIB))) as pool:
        yield pool


def read_at_once(connection: Connection, sql: str) -> None:
    connection.table(sql)


def read_as_stream(connection: Connection, sql: str) -> None:
    with connection.transaction(READ_ONLY), connection.stream(sql) as batches:
        for _ in batches:
            pass


def failure_of(pool: ConnectionPool, read: object, sql: str) -> LimitExceeded:
    """What the caller of a statement is told that reaches a limit; the pool is usable after that."""
    assert callable(read)
    with pool.connection() as connection, pytest.raises(LimitReached) as caught:
        read(connection, sql)
    assert scalar(pool, "SELECT 1 AS one") == 1
    shown = translate(caught.value)
    assert isinstance(shown, LimitExceeded)
    assert not shown.retryable
    return shown


@pytest.mark.parametrize(
    ("read", "sql"), [(read_at_once, SLOW), (read_as_stream, SLOW), (read_as_stream, SLOW_LATER)]
)
def test_a_statement_that_takes_too_long_is_ended(hurried: ConnectionPool, read: object, sql: str) -> None:
    shown = failure_of(hurried, read, sql)
    assert shown.details == {"limit": SECONDS, "setting": "VXDATA_QUERY_LIMIT"}
    assert "longer than 0.4 seconds (VXDATA_QUERY_LIMIT)" in shown.message


@pytest.mark.parametrize(
    ("read", "sql"), [(read_at_once, SORTED), (read_as_stream, SORTED), (read_as_stream, SORTED_LATER)]
)
def test_a_statement_that_takes_too_much_disk_is_ended(tight: ConnectionPool, read: object, sql: str) -> None:
    with tight.connection() as connection:
        connection.execute("SET work_mem = '1MB'")
    shown = failure_of(tight, read, sql)
    assert shown.details == {"limit": MIB, "setting": "VXDATA_QUERY_TEMP_BYTES"}
    assert "1,048,576 bytes (temp_file_limit, VXDATA_QUERY_TEMP_BYTES)" in shown.message


def test_other_cancels_are_told_from_the_limit(database: ConnectionPool, database_uri: SecretStr) -> None:
    limits = StatementLimits(seconds=300)
    with (
        closing(ConnectionPool(database_uri, size=1, limits=limits)) as pool,
        pool.connection() as connection,
    ):
        pid = connection.rows("SELECT pg_backend_pid() AS pid")[0]["pid"]
        sleeping = f"SELECT count(*) AS n FROM pg_stat_activity WHERE pid = {pid} AND wait_event = 'PgSleep'"

        def cancel() -> None:
            until(lambda: scalar(database, sleeping), "it sleeps")
            scalar(database, f"SELECT pg_cancel_backend({pid}) AS done")

        canceller = threading.Thread(target=cancel)
        canceller.start()
        with pytest.raises(StatementCancelled):
            connection.rows(SLOW)
        canceller.join()


def test_a_cancel_of_our_own_is_none_even_at_the_end_of_the_time(
    hurried: ConnectionPool, database: ConnectionPool
) -> None:
    with hurried.connection() as connection:
        pid = connection.rows("SELECT pg_backend_pid() AS pid")[0]["pid"]
        connection.execute("SET statement_timeout TO 0")
        state = f"SELECT (now() - query_start > interval '{2 * SECONDS} s') AS late FROM pg_stat_activity "

        def cancel() -> None:
            sleeping = f"{state} WHERE pid = {pid} AND wait_event = 'PgSleep'"
            until(lambda: scalar(database, f"SELECT COALESCE(({sleeping}), false) AS late"), "it sleeps long")
            connection.cancel()

        canceller = threading.Thread(target=cancel)
        canceller.start()
        with pytest.raises(StatementCancelled):
            connection.rows(SLOW)
        canceller.join()


def test_writers_have_limits_of_their_own(hurried: ConnectionPool) -> None:
    with hurried.connection() as connection, connection.transaction(READ_WRITE):
        connection.rows(f"SELECT pg_sleep({2 * SECONDS})::text AS slept")
    with hurried.connection() as connection, pytest.raises(LimitReached):
        connection.rows(SLOW)


def test_the_limits_hold_on_every_connection(database_uri: SecretStr) -> None:
    limits = StatementLimits(seconds=1.5, temp_bytes=3 * MIB)
    settings = "current_setting('statement_timeout') AS time, current_setting('temp_file_limit') AS disk"
    with (
        closing(ConnectionPool(database_uri, size=2, limits=limits)) as pool,
        pool.connection() as first,
        pool.connection() as second,
    ):
        for connection in (first, second):
            assert connection.rows(f"SELECT {settings}") == [{"time": "1500ms", "disk": "3MB"}]
    assert StatementLimits().statements == ()


def test_a_role_that_may_not_set_a_limit_is_told_so(
    admin: ConnectionPool, database_uri: SecretStr, unique: str
) -> None:
    with admin.connection() as connection:
        connection.execute("REVOKE SET ON PARAMETER temp_file_limit FROM vxdata")
        try:
            with pytest.raises(ServerUnavailable, match="GRANT SET ON PARAMETER temp_file_limit"):
                ConnectionPool(database_uri, limits=StatementLimits(temp_bytes=MIB))
            with closing(ConnectionPool(database_uri, limits=StatementLimits(seconds=1))) as pool:
                assert scalar(pool, "SELECT 1 AS one") == 1
        finally:
            connection.execute("GRANT SET ON PARAMETER temp_file_limit TO vxdata")


@pytest.mark.parametrize(
    ("text", "expected", "setting"),
    [
        ("ERROR:  out of memory", LimitReached, "RLIMIT_DATA"),
        (
            "FEHLER:  Größe der Datei überschreitet »temp_file_limit« (8kB)",
            LimitReached,
            "VXDATA_QUERY_TEMP_BYTES",
        ),
        ("ERROR:  could not write to file: No space left on device", OutOfResources, None),
    ],
)
def test_what_breaks_a_stream_off_is_known_by_its_words(
    text: str, expected: type[Exception], setting: str | None
) -> None:
    found = classify_text(text)
    assert type(found) is expected
    if isinstance(found, LimitReached):
        assert limit_exceeded(found).details["setting"] == setting


def test_a_client_is_told_the_limit_and_does_not_try_again(
    settings: Settings, database_uri: SecretStr, database: ConnectionPool, unique: str
) -> None:
    """The query waits for a table that somebody has locked, until its time is over."""
    changes = {"database_uri": database_uri, "query_limit": SECONDS}
    with Server(settings.model_copy(update=changes)) as server, Client(server.flight_url) as client:
        client.data_sources.create(DataSourceCreate(identifier=unique, license="x"))
        with database.connection() as operator:
            operator.execute("BEGIN", "LOCK TABLE vxdata.datasource IN ACCESS EXCLUSIVE MODE")
            try:
                with pytest.raises(LimitExceeded) as caught:
                    client.data_sources.query().collect()
            finally:
                operator.execute("ROLLBACK")
        assert caught.value.details["setting"] == "VXDATA_QUERY_LIMIT"
        assert client.data_sources.query().collect().height > 0
