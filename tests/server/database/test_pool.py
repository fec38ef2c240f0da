"""The database boundary, against the real PostgreSQL."""

# ruff: noqa: PT012, SIM117 - which block an error leaves through, and in which order, is what is tested

from __future__ import annotations

import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from pydantic import SecretStr

from tests.server.support import scalar, until
from vxdata.schemas.errors import ServerBusy, ServerUnavailable
from vxdata.server.database import pool as module
from vxdata.server.database.connection import READ_ONLY, READ_WRITE
from vxdata.server.database.errors import (
    ConnectionLost,
    DatabaseError,
    StatementCancelled,
    UndefinedObject,
    UniqueViolation,
)
from vxdata.server.database.pool import ConnectionPool, Lane

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vxdata.server.database.connection import Connection

ENDLESS = "SELECT generate_series(1, 1000000000) AS n, repeat('x', 100) AS t"
PID = "SELECT pg_backend_pid() AS pid"


@pytest.fixture
def pool(database_uri: SecretStr) -> Iterator[ConnectionPool]:
    """A small pool of this test's own."""
    with closing(ConnectionPool(database_uri, size=2, wait=0.05)) as small:
        yield small


def pid(connection: Connection) -> int:
    (row,) = connection.rows(PID)
    return int(row["pid"])


def terminate(database: ConnectionPool, backend: int) -> None:
    """End a backend, and wait until it has gone."""
    scalar(database, f"SELECT pg_terminate_backend({backend})::text")
    until(lambda: not active(database, backend), "the backend has gone")


def is_waiting(pool: ConnectionPool, count: int) -> bool:
    return pool._places[Lane.STREAM].waiters == count


def has_gone(database: ConnectionPool, backend: int) -> bool:
    return not active(database, backend)


def active(database: ConnectionPool, backend: int) -> int:
    return int(scalar(database, f"SELECT count(*) AS n FROM pg_stat_activity WHERE pid = {backend}"))


class TestPool:
    def test_bounded(self, pool: ConnectionPool) -> None:
        with pool.connection() as first, pool.connection() as second:
            assert pid(first) != pid(second)
            with pytest.raises(ServerBusy, match=r"within 0\.05 seconds") as caught, pool.connection():
                pass
            assert caught.value.retryable
            with pytest.raises(ServerBusy, match="within 0 seconds"), pool.connection(wait=0):
                pass
        with pool.connection() as again:
            assert again in {first, second}

    def test_who_has_its_share_is_told_that_others_are_kept(self, pool: ConnectionPool) -> None:
        wanted = r"within 0\.05 seconds; those that are free are kept for other callers; try again later"
        with (
            pool.connection(caller="many"),
            pytest.raises(ServerBusy, match=wanted),
            pool.connection(caller="many"),
        ):
            pass

    def test_lanes_do_not_count_against_each_other(self, database_uri: SecretStr) -> None:
        lanes = (Lane.STREAM, Lane.LOOKUP, Lane.WRITE)
        with (
            closing(ConnectionPool(database_uri, size=1, writers=1, lookups=1, wait=0)) as pool,
            ExitStack() as lent,
        ):
            pids = {pid(lent.enter_context(pool.connection(lane))) for lane in lanes}
            assert len(pids) == 3
            for lane in lanes:
                with pytest.raises(ServerBusy), pool.connection(lane):
                    pass

    def test_a_caller_with_many_calls_delays_another_by_one(self, database_uri: SecretStr) -> None:
        served: list[str] = []
        with closing(ConnectionPool(database_uri, size=1, wait=60)) as pool:

            def work(caller: str) -> None:
                with pool.connection(caller=caller):
                    served.append(caller)

            callers = ["many"] * 4 + ["one"]
            threads = [threading.Thread(target=work, args=(caller,)) for caller in callers]
            with pool.connection(caller="many"):
                for number, thread in enumerate(threads):
                    thread.start()
                    until(partial(is_waiting, pool, number + 1), "it waits")
            for thread in threads:
                thread.join()
        assert served.index("one") == 0
        assert pool._places[Lane.STREAM]._places._turns == {}

    def test_waits_in_turn(self, database_uri: SecretStr) -> None:
        served: list[int] = []
        with closing(ConnectionPool(database_uri, size=1, wait=60)) as pool:

            def work(number: int) -> None:
                with pool.connection():
                    served.append(number)

            threads = [threading.Thread(target=work, args=(number,)) for number in range(5)]
            with pool.connection():
                for number, thread in enumerate(threads):
                    thread.start()
                    until(partial(is_waiting, pool, number + 1), "it waits")
            for thread in threads:
                thread.join()
        assert served == list(range(5))

    def test_connections_are_used_again(self, pool: ConnectionPool) -> None:
        pids = set()
        for _ in range(5):
            with pool.connection() as connection:
                pids.add(pid(connection))
        assert len(pids) == 1

    def test_many_threads(self, database_uri: SecretStr) -> None:
        def work(pool: ConnectionPool, number: int) -> int:
            with pool.connection() as connection:
                if number % 3:
                    (row,) = connection.rows(f"SELECT {number} AS n")
                    return int(row["n"])
                with connection.stream(f"SELECT {number} AS n FROM generate_series(1, 3)") as batches:
                    return int(next(batches).column(0)[0].as_py())

        with closing(ConnectionPool(database_uri, size=4, wait=60)) as pool:
            with ThreadPoolExecutor(24) as executor:
                assert list(executor.map(partial(work, pool), range(400))) == list(range(400))
            assert 1 <= len(pool._logins[Lane.STREAM].idle) <= 4

    def test_a_closed_pool_lends_nothing(self, database_uri: SecretStr) -> None:
        pool = ConnectionPool(database_uri, size=2)
        pool.close()
        with pytest.raises(ServerUnavailable, match="closed"), pool.connection():
            pass
        pool.close()

    def test_what_is_lent_out_at_the_end_is_closed_when_it_comes_back(
        self, database: ConnectionPool, database_uri: SecretStr
    ) -> None:
        pool = ConnectionPool(database_uri, size=2)
        with pool.connection() as connection:
            backend = pid(connection)
            pool.close()
            assert pid(connection) == backend
        until(lambda: not active(database, backend), "the connection is closed")
        assert not pool._logins[Lane.STREAM].idle

    def test_an_idle_connection_is_tried_before_it_is_lent(
        self, database: ConnectionPool, pool: ConnectionPool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "IDLE_BEFORE_PING", 0.0)
        with pool.connection() as connection:
            backend = pid(connection)
        terminate(database, backend)
        with pool.connection() as other:
            assert pid(other) != backend

    def test_time_zone_is_utc(self, pool: ConnectionPool) -> None:
        assert scalar(pool, "SELECT current_setting('TimeZone') AS zone") == "UTC"


class TestLoss:
    def test_a_terminated_backend_is_discarded(self, database: ConnectionPool, pool: ConnectionPool) -> None:
        with pool.connection() as connection:
            backend = pid(connection)
            terminate(database, backend)
            with pytest.raises(ConnectionLost):
                pid(connection)
            with pytest.raises(ConnectionLost):
                connection.execute("SELECT 1")
        assert scalar(pool, PID) != backend

    def test_idle_neighbours_are_not_lent_out_after_a_loss(
        self, database: ConnectionPool, pool: ConnectionPool
    ) -> None:
        """Like a restart of PostgreSQL: all are dead, but only one caller notices."""
        with pool.connection() as first, pool.connection() as second:
            pids = {pid(first), pid(second)}
        for backend in pids:
            terminate(database, backend)
        with pytest.raises(ConnectionLost), pool.connection() as connection:
            pid(connection)
        assert not pool._logins[Lane.STREAM].idle
        assert scalar(pool, PID) not in pids

    def test_in_a_transaction(self, database: ConnectionPool, pool: ConnectionPool) -> None:
        with (
            pytest.raises(ConnectionLost),
            pool.connection() as connection,
            connection.transaction(READ_WRITE),
        ):
            terminate(database, pid(connection))
            connection.execute("CREATE TABLE never_made (a int)")
        assert connection.is_broken
        assert scalar(pool, "SELECT to_regclass('never_made')::text") is None

    def test_in_the_middle_of_a_stream(self, database: ConnectionPool, pool: ConnectionPool) -> None:
        with pool.connection() as connection:
            backend = pid(connection)
            with pytest.raises(ConnectionLost), connection.stream(ENDLESS) as batches:
                next(batches)
                terminate(database, backend)
                list(batches)
        assert scalar(pool, PID) != backend

    def test_while_ingesting(self, database: ConnectionPool, pool: ConnectionPool) -> None:
        with pool.connection() as connection:
            connection.execute("CREATE TEMPORARY TABLE probe (a text)")
            terminate(database, pid(connection))
            batch = pa.record_batch({"a": ["x"]})
            with pytest.raises(ConnectionLost):
                connection.ingest("probe", pa.RecordBatchReader.from_batches(batch.schema, [batch]))

    def test_an_error_of_the_driver_alone_is_no_loss(self, pool: ConnectionPool) -> None:
        with pool.connection() as connection:
            batch = pa.record_batch({"a": ["x"]})
            with pytest.raises(DatabaseError) as caught:
                connection.ingest("no_such_table", pa.RecordBatchReader.from_batches(batch.schema, [batch]))
            assert not isinstance(caught.value, ConnectionLost)
            assert not connection.is_broken

    def test_bytes_that_do_not_fit_are_no_loss(self, pool: ConnectionPool) -> None:
        with pool.connection() as connection:
            connection.execute("CREATE TEMPORARY TABLE probe (a bigint)")
            batch = pa.record_batch({"a": ["x"]})
            with pytest.raises(DatabaseError) as caught:
                connection.ingest("probe", pa.RecordBatchReader.from_batches(batch.schema, [batch]))
            assert not isinstance(caught.value, ConnectionLost)
            assert connection.rows("SELECT 1 AS one") == [{"one": 1}]


class TestUnreachable:
    @pytest.mark.parametrize(
        "uri",
        [
            "postgresql://user:sekret@127.0.0.1:1/db",
            "postgresql://user:sekret@no-such-host.invalid/db",
            "postgresql//user:sekret@host/db",
            "postgresql://user:sekret@[host/db?port=x",
            "postgresql://user:sekret@host:port/db",
            "postgresql://user:sek ret@/db?host=/nowhere",
            "password=sekret whatever",
            "host=/nowhere password='sekret",
        ],
    )
    def test_the_password_is_never_told(self, uri: str) -> None:
        with pytest.raises(ServerUnavailable) as caught:
            ConnectionPool(SecretStr(uri))
        assert "sek" not in "".join(traceback.format_exception(caught.value)).replace(repr(uri), "")
        assert "sek" not in repr(caught.value.details)

    def test_a_wrong_password(self, database_uri: SecretStr) -> None:
        uri = database_uri.get_secret_value().replace("vxdata:", "vxdata:sekret", 1)
        with pytest.raises(ServerUnavailable) as caught:
            ConnectionPool(SecretStr(uri))
        assert "password authentication failed" in str(caught.value.__cause__)
        assert "sekret" not in "".join(traceback.format_exception(caught.value))

    def test_a_failed_opening_keeps_no_place(self, database_uri: SecretStr) -> None:
        with closing(ConnectionPool(database_uri, size=1, wait=0)) as pool:
            pool.close()
            for _ in range(3):
                with pytest.raises(ServerUnavailable), pool.connection():
                    pass


class TestStream:
    def test_to_the_end(self, pool: ConnectionPool) -> None:
        with pool.connection() as connection:
            query = "SELECT g AS n, repeat('x', 200) AS t FROM generate_series(1, 100000) AS g"
            with connection.stream(query) as batches:
                sizes = [batch.num_rows for batch in batches]
            assert sum(sizes) == 100_000
            assert len(sizes) > 3
            assert connection.rows("SELECT 1 AS one") == [{"one": 1}]

    def test_left_early_then_used_again(self, database: ConnectionPool, pool: ConnectionPool) -> None:
        with pool.connection() as connection:
            with connection.stream(ENDLESS) as batches:
                next(batches)
            assert connection.rows("SELECT 1 AS one") == [{"one": 1}]
            assert not connection.is_broken
            with connection.stream("SELECT 2 AS two") as batches:
                assert next(batches).to_pylist() == [{"two": 2}]
        assert queries_running(database) == 0

    def test_left_unread(self, pool: ConnectionPool) -> None:
        with pool.connection() as connection:
            with connection.stream(ENDLESS):
                pass
            assert connection.rows("SELECT 1 AS one") == [{"one": 1}]

    def test_left_by_an_error(self, pool: ConnectionPool) -> None:
        with pool.connection() as connection, pytest.raises(KeyError), connection.stream(ENDLESS) as batches:
            next(batches)
            raise KeyError
        with pool.connection() as again:
            assert again is connection

    def test_cancelled_from_another_thread(self, pool: ConnectionPool) -> None:
        with pool.connection() as connection, pytest.raises(StatementCancelled):
            with connection.stream(ENDLESS) as batches:
                next(batches)
                canceller = threading.Thread(target=connection.cancel)
                canceller.start()
                for _ in batches:
                    pass
        canceller.join()
        assert scalar(pool, "SELECT 1 AS one") == 1

    def test_cancelled_before_the_first_row(self, database: ConnectionPool, pool: ConnectionPool) -> None:
        failures: list[Exception] = []

        def sleep() -> None:
            try:
                with pool.connection() as connection, connection.transaction(READ_ONLY):
                    lent.append(connection)
                    connection.rows("SELECT pg_sleep(300)::text")
            except DatabaseError as error:
                failures.append(error)

        lent: list[Connection] = []
        sleeper = threading.Thread(target=sleep)
        sleeper.start()
        until(lambda: queries_running(database, "pg_sleep(300)"), "it sleeps")
        lent[0].cancel()
        sleeper.join()
        assert [type(failure) for failure in failures] == [StatementCancelled]
        with pool.connection() as again:
            assert again is lent[0]

    def test_an_error_in_the_middle(self, pool: ConnectionPool) -> None:
        query = "SELECT 1 / (g - 500000) AS n FROM generate_series(1, 1000000) AS g"
        with (
            pool.connection() as connection,
            pytest.raises(DatabaseError, match="division by zero") as caught,
        ):
            with connection.stream(query) as batches:
                list(batches)
        assert not isinstance(caught.value, ConnectionLost | StatementCancelled)
        assert scalar(pool, "SELECT 1 AS one") == 1

    def test_a_cancel_that_cannot_be_sent_breaks_the_connection_alone(
        self, pool: ConnectionPool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def unable() -> None:
            raise DatabaseError("no route")

        with pool.connection() as connection, connection.stream(ENDLESS) as batches:
            next(batches)
            monkeypatch.setattr(connection, "cancel", unable)
            terminate(pool, pid_of_stream(pool))
        assert connection.is_broken
        assert scalar(pool, "SELECT 1 AS one") == 1


def queries_running(database: ConnectionPool, text: str = "generate_series(1, 1000000000)") -> int:
    sql = (
        "SELECT count(*) AS n FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() "
        f"AND datname = current_database() AND position('{text}' IN query) > 0"
    )
    return int(scalar(database, sql))


def pid_of_stream(database: ConnectionPool) -> int:
    sql = (
        "SELECT pid FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() "
        "AND datname = current_database() AND position('generate_series(1, 1000000000)' IN query) > 0"
    )
    return int(scalar(database, sql))


class TestTransactions:
    @pytest.fixture(autouse=True)
    def table(self, database: ConnectionPool) -> Iterator[None]:
        """A table to write to."""
        with database.connection() as connection:
            connection.execute("CREATE TABLE kept (a text PRIMARY KEY)")
        yield
        with database.connection() as connection:
            connection.execute("DROP TABLE kept")

    def kept(self, database: ConnectionPool) -> list[str]:
        with database.connection() as connection:
            return [row["a"] for row in connection.rows("SELECT a FROM kept ORDER BY a")]

    def test_commit(self, database: ConnectionPool, pool: ConnectionPool) -> None:
        with pool.connection() as connection, connection.transaction(READ_WRITE):
            assert connection.execute("INSERT INTO kept VALUES ('a'), ('b')") == 2
            assert self.kept(database) == []
        assert self.kept(database) == ["a", "b"]

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
    def test_rollback(
        self, database: ConnectionPool, pool: ConnectionPool, error: type[BaseException]
    ) -> None:
        with pytest.raises(error), pool.connection() as connection, connection.transaction(READ_WRITE):
            connection.execute("INSERT INTO kept VALUES ('a')")
            raise error
        assert self.kept(database) == []
        assert not connection.is_broken

    def test_rollback_after_a_refusal(self, database: ConnectionPool, pool: ConnectionPool) -> None:
        with pytest.raises(UndefinedObject), pool.connection() as connection:
            with connection.transaction(READ_WRITE):
                connection.execute("INSERT INTO kept VALUES ('a')")
                connection.execute("INSERT INTO no_such_table VALUES (1)")
        assert self.kept(database) == []
        with pool.connection() as again:
            assert again is connection

    def test_read_only(self, pool: ConnectionPool) -> None:
        with pytest.raises(DatabaseError, match="read-only") as caught, pool.connection() as connection:
            with connection.transaction(READ_ONLY):
                connection.execute("INSERT INTO kept VALUES ('a')")
        assert caught.value.sqlstate == "25006"

    def test_repeatable_read(self, database: ConnectionPool, pool: ConnectionPool) -> None:
        with pool.connection() as connection, connection.transaction(READ_ONLY):
            assert connection.rows("SELECT a FROM kept") == []
            with database.connection() as other:
                other.execute("INSERT INTO kept VALUES ('a')")
            assert connection.rows("SELECT a FROM kept") == []

    def test_savepoint(self, database: ConnectionPool, pool: ConnectionPool) -> None:
        with pool.connection() as connection, connection.transaction(READ_WRITE):
            connection.execute("INSERT INTO kept VALUES ('a')")
            with pytest.raises(UniqueViolation) as caught, connection.savepoint():
                connection.execute("INSERT INTO kept VALUES ('b')")
                connection.execute("INSERT INTO kept VALUES ('a')")
            with connection.savepoint():
                connection.execute("INSERT INTO kept VALUES ('c')")
        assert self.kept(database) == ["a", "c"]
        assert caught.value.diagnostics["PG_DIAG_CONSTRAINT_NAME"] == "kept_pkey"

    def test_a_savepoint_within_a_savepoint(self, database: ConnectionPool, pool: ConnectionPool) -> None:
        with pool.connection() as connection, connection.transaction(READ_WRITE):
            connection.execute("INSERT INTO kept VALUES ('a')")
            with pytest.raises(UniqueViolation), connection.savepoint():
                connection.execute("INSERT INTO kept VALUES ('b')")
                with connection.savepoint():
                    connection.execute("INSERT INTO kept VALUES ('a')")
            with connection.savepoint():
                connection.execute("INSERT INTO kept VALUES ('c')")
                with pytest.raises(UniqueViolation), connection.savepoint():
                    connection.execute("INSERT INTO kept VALUES ('a')")
        assert self.kept(database) == ["a", "c"]

    def test_an_error_tells_neither_sql_nor_values(self, pool: ConnectionPool) -> None:
        statements = [
            "INSERT INTO kept VALUES ('sekret'), ('sekret')",
            "SELEC 'sekret'",
            "SELECT 'sekret' FROM no_such_table",
            "",
        ]
        for statement in statements:
            with pytest.raises(DatabaseError) as caught, pool.connection() as connection:
                connection.execute(statement)
            shown = "\n".join(
                line
                for line in "".join(traceback.format_exception(caught.value)).splitlines()
                if not line.strip().startswith(("connection.execute", "File "))
            )
            assert "sekret" not in shown
            assert "adbc" not in shown.lower()


def test_small_queries_and_counts(pool: ConnectionPool) -> None:
    with pool.connection() as connection:
        assert connection.rows("SELECT 1 AS a, 'x' AS b UNION ALL SELECT NULL, NULL ORDER BY a") == [
            {"a": 1, "b": "x"},
            {"a": None, "b": None},
        ]
        assert connection.rows("SELECT 1 AS a WHERE false") == []
        connection.execute("CREATE TEMPORARY TABLE counted (a bigint)")
        batch = pa.record_batch({"a": pa.array([1, 2, None], pa.int64())})
        assert connection.ingest("counted", pa.RecordBatchReader.from_batches(batch.schema, [batch])) == 3
        assert connection.execute("DELETE FROM counted WHERE a > 1") == 1


def test_connections_are_closed_before_their_origin(
    database: ConnectionPool, database_uri: SecretStr
) -> None:
    pool = ConnectionPool(database_uri, size=4)
    with ExitStack() as lent:
        backends = [pid(lent.enter_context(pool.connection())) for _ in range(4)]
    pool.close()
    for backend in backends:
        until(partial(has_gone, database, backend), "the backend has gone")


def test_few_rows_come_at_once_as_they_would_in_a_stream(pool: ConnectionPool) -> None:
    query = "SELECT n, array[n::text, NULL] AS list, now() AS at FROM generate_series(1, 50) AS n"
    with pool.connection() as connection, connection.transaction(READ_ONLY):
        with connection.stream(query, is_small=True) as batches:
            at_once = list(batches)
        with connection.stream(query) as batches:
            streamed = list(batches)
    assert at_once == streamed


def test_who_leaves_few_rows_or_is_refused_leaves_the_connection_sound(pool: ConnectionPool) -> None:
    with pool.connection() as connection:
        with connection.stream("SELECT 1 AS one", is_small=True):
            pass
        with pytest.raises(DatabaseError), connection.stream("SELECT 1 / 0", is_small=True):
            pass
        assert connection.rows("SELECT 2 AS two") == [{"two": 2}]
        assert not connection.is_broken


class TestSlots:
    """PostgreSQL has fewer slots than the pool has places."""

    @pytest.fixture(params=[2])
    def crowded(
        self, new_database: Callable[[], SecretStr], admin: ConnectionPool, request: pytest.FixtureRequest
    ) -> SecretStr:
        """A database with few slots; the connection that a pool clones all others from takes one."""
        uri = new_database()
        name = uri.get_secret_value().rpartition("?")[0].rpartition("/")[2]
        with admin.connection() as connection:
            connection.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT {request.param}')
        return uri

    def test_calls_queue_for_a_slot(self, crowded: SecretStr) -> None:
        with closing(ConnectionPool(crowded, size=4, wait=60)) as pool:
            seen: list[int] = []

            def work() -> None:
                with pool.connection() as connection:
                    seen.append(pid(connection))

            threads = [threading.Thread(target=work) for _ in range(3)]
            with pool.connection() as first:
                expected = pid(first)
                for thread in threads:
                    thread.start()
                assert not seen
            for thread in threads:
                thread.join()
        assert seen == [expected] * 3

    @pytest.mark.parametrize("crowded", [3], indirect=True)
    def test_a_slot_that_another_program_frees_is_found(self, crowded: SecretStr) -> None:
        with closing(ConnectionPool(crowded, size=1, wait=60)) as pool:
            with pool.connection() as connection:
                connection.is_broken = True  # it is closed when it is returned
            other = ConnectionPool(crowded, size=1)  # takes the other two slots
            threading.Timer(0.5, other.close).start()
            with pool.connection() as connection:
                assert pid(connection)

    def test_no_slot_in_time(self, crowded: SecretStr) -> None:
        with (
            closing(ConnectionPool(crowded, size=4, wait=0.5)) as pool,
            pool.connection(),
            pytest.raises(ServerBusy, match=r"within 0\.5 seconds"),
            pool.connection(),
        ):
            pass
