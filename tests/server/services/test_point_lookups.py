"""Short reads: the same rows at the same instant as any other read, from statements prepared once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from tests.server.support import CALL, create, resources, scalar, until
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.errors import RequestCancelled
from vxdata.schemas.plan import Comparison, IsIn, Plan, decode, encode
from vxdata.schemas.wire import AS_OF_KEY, VERSION_KEY
from vxdata.server.call import ANONYMOUS, Call
from vxdata.server.database.connection import READ_WRITE
from vxdata.server.database.errors import DatabaseError, StatementCancelled
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.database.prepared import MAX_PREPARED
from vxdata.server.services.read import ReadService

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import SecretStr

    from vxdata.server.database.monitor import CancellationMonitor
    from vxdata.server.services.write import WriteService

PREPARED = "SELECT count(*) AS n FROM pg_prepared_statements"


@pytest.fixture
def pool(database_uri: SecretStr) -> Iterator[ConnectionPool]:
    """A single connection."""
    with closing(ConnectionPool(database_uri, size=1, wait=30.0)) as database:
        yield database


@pytest.fixture
def single(pool: ConnectionPool, monitor: CancellationMonitor) -> ReadService:
    return ReadService(pool, default_catalog(), monitor)


def named(*identifiers: str, resource_type: str = "datasource", **more: Any) -> Plan:
    where = IsIn(field="identifier", values=identifiers)
    return decode(encode(Plan(relation=resource_type, where=where, **more)))


def read(service: ReadService, plan: Plan) -> pa.Table:
    result = service.run(plan, CALL)
    return pa.Table.from_batches(list(result.batches), schema=result.arrow_schema)


def rows(table: pa.Table) -> list[dict[str, Any]]:
    return sorted(table.to_pylist(), key=lambda row: str(row["identifier"]))


def test_the_same_as_any_other_read(creates: WriteService, reads: ReadService, unique: str) -> None:
    names = [f"datasource/{unique}", f"datasource/{unique}' OR 1=1 --", f"datasource/{unique}\\$1"]
    create(creates, *(resources("datasource", {"identifier": name, "description": name}) for name in names))
    for wanted in (names, names[:1], [names[2], "datasource/none"], ["datasource/none"]):
        at_once, other = read(reads, named(*wanted)), read(reads, named(*wanted, limit=100))
        assert at_once.schema.equals(other.schema, check_metadata=True)
        assert rows(at_once) == rows(other)
        assert len(rows(at_once)) == len(set(wanted) & set(names))
        at_once.validate(full=True)


def test_rows_whose_selected_values_are_all_null(
    creates: WriteService, reads: ReadService, unique: str
) -> None:
    create(creates, resources("datasource", {"identifier": f"datasource/{unique}"}))
    plan = named(f"datasource/{unique}", "datasource/none", select=("description",))
    assert read(reads, plan).to_pylist() == [{"description": None}]
    assert read(reads, named("datasource/none", select=("description",))).to_pylist() == []


def test_resources_of_any_type(creates: WriteService, reads: ReadService, unique: str) -> None:
    source, patient = f"datasource/{unique}", f"patient/{unique}"
    create(
        creates,
        resources("datasource", {"identifier": source}),
        resources("patient", {"identifier": patient, "parent_identifier": source}),
    )
    table = read(reads, named(source, patient, resource_type="resource"))
    assert [row["identifier"] for row in rows(table)] == [source, patient]


@pytest.mark.parametrize("limit", [0, 1, 7, 12, 100])
def test_the_first_rows(creates: WriteService, reads: ReadService, unique: str, limit: int) -> None:
    names = [f"datasource/{unique}-{number}" for number in range(8)]
    create(creates, *(resources("datasource", {"identifier": name}) for name in reversed(names)))
    for resource_type, select in (("datasource", None), ("resource", ("version", "identifier"))):
        plan = decode(encode(Plan(relation=resource_type, select=select, limit=limit)))
        # What has a condition is no short read.
        everything = {"where": Comparison(op="!=", field="identifier", value="")}
        found, expected = read(reads, plan), read(reads, plan.model_copy(update=everything))
        assert found.equals(expected, check_metadata=True)
        assert found.num_rows >= min(limit, len(names))


def test_a_comparison_too(creates: WriteService, reads: ReadService, unique: str) -> None:
    create(creates, resources("datasource", {"identifier": f"datasource/{unique}"}))
    where = Comparison(op="==", field="identifier", value=f"datasource/{unique}")
    plan = decode(encode(Plan(relation="datasource", where=where)))
    assert [row["identifier"] for row in rows(read(reads, plan))] == [f"datasource/{unique}"]


def test_rows_and_instant_are_of_one_snapshot(creates: WriteService, reads: ReadService, unique: str) -> None:
    """Each commit adds one of the resources that are asked for, so their number tells the commit."""
    names = [f"datasource/{unique}-{number}" for number in range(20)]
    first = int(read(reads, named(*names)).schema.metadata[VERSION_KEY])
    is_over = threading.Event()

    def monitor() -> int:
        seen = 0
        while not is_over.is_set():
            table = read(reads, named(*names))
            version = int(table.schema.metadata[VERSION_KEY])
            assert table.num_rows == version - first
            assert [row["version"] for row in rows(table) if row["version"] > version] == []
            assert max(table["created_at"].to_pylist(), default=None) in {
                None,
                table_as_of(table),
            }
            seen += 1
        return seen

    with ThreadPoolExecutor(2) as threads:
        watching = [threads.submit(monitor) for _ in range(2)]
        for name in names:
            create(creates, resources("datasource", {"identifier": name}))
        is_over.set()
        assert all(each.result() for each in watching)


def table_as_of(table: pa.Table) -> Any:
    return pa.scalar(table.schema.metadata[AS_OF_KEY].decode()).cast(pa.timestamp("us", "UTC")).as_py()


def test_a_shape_is_prepared_once_for_each_connection(single: ReadService, pool: ConnectionPool) -> None:
    before = scalar(pool, PREPARED)
    for number in range(1, 6):
        read(single, named(f"datasource/{number}"))
        read(single, named(*(f"datasource/x{one}" for one in range(number + 1))))
    assert scalar(pool, PREPARED) == before + 2


def test_what_was_run_the_longest_ago_is_forgotten(pool: ConnectionPool) -> None:
    with pool.connection() as connection:
        for number in range(MAX_PREPARED + 5):
            table = connection.prepared.table(f"SELECT {number} + $1::int AS sum", ["1"])
            assert table["sum"].to_pylist() == [number + 1]
            connection.prepared.table("SELECT $1 || $2 AS text", ["'a'", "'b'"])
        assert connection.rows(PREPARED)[0]["n"] <= MAX_PREPARED + 1
        (text,) = connection.rows("SELECT name FROM pg_prepared_statements WHERE statement LIKE '%$1 || $2%'")
        assert text["name"].endswith("_1")


def test_what_was_prepared_long_ago_is_prepared_anew(
    pool: ConnectionPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pool.connection() as connection:
        connection.prepared.table("SELECT $1::int AS a", ["1"])
        monkeypatch.setattr("vxdata.server.database.prepared.PREPARED_SECONDS", 0.0)
        assert connection.prepared.table("SELECT $1::int AS a", ["2"]).to_pylist() == [{"a": 2}]
        (left,) = connection.rows("SELECT name FROM pg_prepared_statements")
        assert left["name"].endswith("_1")


def test_a_statement_whose_columns_change_is_prepared_anew(pool: ConnectionPool) -> None:
    query = "SELECT * FROM changed WHERE a = $1"
    with pool.connection() as connection:
        connection.execute("CREATE TEMPORARY TABLE changed AS SELECT 1 AS a")
        assert connection.prepared.table(query, ["1"]).to_pylist() == [{"a": 1}]
        connection.execute("ALTER TABLE changed ADD COLUMN b text DEFAULT 'x'")
        assert connection.prepared.table(query, ["1"]).to_pylist() == [{"a": 1, "b": "x"}]
        assert connection.prepared.table("SELECT count(*) AS n FROM changed", []).to_pylist() == [{"n": 1}]


def test_statements_that_were_discarded_are_prepared_anew(single: ReadService, pool: ConnectionPool) -> None:
    short, other = (
        named("datasource/none"),
        named("datasource/none", limit=1),
    )  # this one reads the clock first
    for plan in (short, other):
        read(single, plan)
    discard_all(pool)
    assert [read(single, plan).num_rows for plan in (short, other)] == [0, 0]
    discard_all(pool)
    with pytest.raises(DatabaseError, match="does not exist"):  # in a transaction, which that has aborted
        read(single, other)
    assert [read(single, plan).num_rows for plan in (other, short)] == [0, 0]


def discard_all(pool: ConnectionPool) -> None:
    with pool.connection() as connection:
        connection.execute("DISCARD ALL")
        connection.execute("SET TIME ZONE 'UTC'")


def test_after_a_discard_one_read_fails_at_most(
    pool: ConnectionPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pool.connection() as connection:
        for number in range(4):
            connection.prepared.table(f"SELECT {number} AS a", [])
        with monkeypatch.context() as patched:  # all four are to be forgotten when the next one is prepared
            patched.setattr("vxdata.server.database.prepared.PREPARED_SECONDS", -1.0)
            assert [connection.prepared._name_of(f"SELECT {number} AS a") for number in range(4)] == [
                None
            ] * 4
        connection.execute("DEALLOCATE ALL")
        with pytest.raises(DatabaseError) as caught, connection.transaction(READ_WRITE):
            connection.prepared.table("SELECT 5 AS a", [])
        assert caught.value.sqlstate == "26000"
        with connection.transaction(READ_WRITE):
            assert connection.prepared.table("SELECT 5 AS a", []).to_pylist() == [{"a": 5}]
        assert connection.rows(PREPARED) == [{"n": 1}]


def test_no_two_connections_have_a_name_in_common(database: ConnectionPool) -> None:
    names = []
    with database.connection() as one, database.connection() as other:
        for connection in (one, other):
            connection.prepared.table("SELECT 1 AS a", [])
            names += [row["name"] for row in connection.rows("SELECT name FROM pg_prepared_statements")]
    assert len(names) == len(set(names)) >= 2


def test_in_a_transaction_the_first_failure_is_told(pool: ConnectionPool) -> None:
    query = "SELECT * FROM changed WHERE a = $1"
    with pool.connection() as connection:
        connection.execute("CREATE TEMPORARY TABLE changed AS SELECT 1 AS a")
        connection.prepared.table(query, ["1"])
        connection.execute("ALTER TABLE changed ADD COLUMN b text")
        with pytest.raises(DatabaseError) as caught, connection.transaction(READ_WRITE):
            connection.prepared.table(query, ["1"])
        assert caught.value.sqlstate == "0A000"
        assert connection.prepared.table(query, ["1"]).to_pylist() == [{"a": 1, "b": None}]


def test_a_statement_that_is_refused_is_forgotten(pool: ConnectionPool) -> None:
    with pool.connection() as connection:
        connection.execute("CREATE TEMPORARY TABLE changed AS SELECT 1 AS a")
        for _ in range(10):
            with pytest.raises(DatabaseError):
                connection.prepared.table("SELECT 1 / $1::int AS a", ["0"])
            with pytest.raises(DatabaseError):
                connection.prepared.table("SELECT nothing FROM changed WHERE a = $1", ["1"])
        assert connection.prepared.table("SELECT $1::int AS a", ["1"]).to_pylist() == [{"a": 1}]
        assert connection.rows(PREPARED) == [{"n": 1}]
        assert not connection.is_broken


def test_the_connection_is_free_before_the_rows_are_taken(single: ReadService) -> None:
    waiting = [single.run(named("datasource/none"), CALL) for _ in range(3)]
    assert [sum(batch.num_rows for batch in result.batches) for result in waiting] == [0, 0, 0]


def test_whoever_has_gone_does_not_wait_for_a_lock(
    single: ReadService, pool: ConnectionPool, database: ConnectionPool
) -> None:
    """A table that is being altered keeps its readers waiting."""
    has_gone = threading.Event()
    with database.connection() as connection, connection.transaction(READ_WRITE):
        connection.execute("LOCK TABLE vxdata.datasource IN ACCESS EXCLUSIVE MODE")
        with ThreadPoolExecutor(1) as threads:
            reading = threads.submit(
                single.run, named("datasource/none"), Call("test", has_gone.is_set, ANONYMOUS)
            )
            until(lambda: _waits(connection), "the read waits for the lock")
            has_gone.set()
            with pytest.raises((StatementCancelled, RequestCancelled)):
                reading.result(30)
    assert read(single, named("datasource/none")).num_rows == 0
    assert scalar(pool, PREPARED) == 1


def _waits(connection: Any) -> bool:
    sql = "SELECT count(*) AS n FROM pg_locks WHERE NOT granted AND relation = 'vxdata.datasource'::regclass"
    return bool(connection.rows(sql)[0]["n"])
