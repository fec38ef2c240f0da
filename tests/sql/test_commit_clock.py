"""Statements of the commit clock, run on a clock of their own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from vxdata.schemas.wire import WriteCommand
from vxdata.server.database.errors import DatabaseError
from vxdata.sql import commit_clock as clock
from vxdata.sql.dialect.postgres import texts
from vxdata.sql.instant import Instant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.server.database.connection import Connection
    from vxdata.server.database.pool import ConnectionPool

FUTURE = datetime(2199, 1, 1, tzinfo=UTC)


@pytest.fixture
def connection(database: ConnectionPool) -> Iterator[Connection]:
    """A connection in a transaction that leaves nothing."""
    with database.connection() as lent:
        lent.execute("BEGIN")
        yield lent
        lent.execute("ROLLBACK")


def read(connection: Connection) -> dict[str, Any]:
    (row,) = connection.rows(clock.READ)
    return row


def test_the_clock_moves_when_the_commit_is_logged(connection: Connection) -> None:
    before = read(connection)
    (locked,) = connection.rows(clock.LOCK)
    assert locked["version"] == before["version"] + 1
    assert locked["stamp"] > before["stamp"]
    assert read(connection) == before
    commit = Instant(locked["version"], locked["stamp"], is_current=True)
    for statement in clock.log_commit(commit, WriteCommand(verb="create"), {"artefact": 1}, "ann"):
        connection.execute(statement)
    assert read(connection) == {name: locked[name] for name in ("version", "stamp")}


def test_it_goes_on_where_the_machine_clock_went_back(connection: Connection) -> None:
    connection.execute(f"UPDATE vxdata.commit_clock SET stamp = '{FUTURE.isoformat()}'")
    (row,) = connection.rows(clock.LOCK)
    assert row["stamp"] == FUTURE + timedelta(microseconds=1)


def test_floor_is_raised_and_never_lowered(connection: Connection) -> None:
    stamp = read(connection)["stamp"]
    (now,) = connection.rows("SELECT clock_timestamp() AS now")
    assert connection.execute(clock.fence_at(now["now"])) == 1
    assert read(connection)["stamp"] == now["now"]
    assert connection.execute(clock.fence_at(stamp - timedelta(days=1))) == 1
    assert read(connection)["stamp"] == now["now"]


def test_floor_is_not_raised_into_the_future(connection: Connection) -> None:
    before = read(connection)
    assert connection.execute(clock.fence_at(FUTURE)) == 0
    assert read(connection) == before


def test_log_and_type_clocks(connection: Connection) -> None:
    (row,) = connection.rows(clock.LOCK)
    commit = Instant(row["version"], row["stamp"], is_current=True)
    client = {"user": 'O\'Brien \\ "x" $1 é', "": "", **{f"key{number}": "v" for number in range(200)}}
    command = WriteCommand(verb="create", client=client)
    for statement in clock.log_commit(commit, command, {"volume": 3, "patient": 1}, "O'Hara"):
        connection.execute(statement)
    (log,) = connection.rows(
        f"SELECT verb, counts->>'volume' AS volumes, client->>'user' AS said, principal, stamp "
        f"FROM vxdata.commit_log WHERE version = {commit.version}"
    )
    told = {"verb": "create", "volumes": "3", "said": client["user"], "principal": "O'Hara"}
    assert log == {**told, "stamp": commit.as_of}
    (types,) = connection.rows(
        f"SELECT string_agg(resource_type, ' ' ORDER BY resource_type) AS names FROM vxdata.type_clock "
        f"WHERE version = {commit.version} AND stamp = '{commit.as_of.isoformat()}'"
    )
    assert types == {"names": "patient volume"}


def read_for(connection: Connection, resource_type: str) -> dict[str, Any]:
    (row,) = connection.prepared.table(clock.READ_FOR, [texts([resource_type])]).to_pylist()
    return dict(row)


def test_read_for_a_type(connection: Connection) -> None:
    before = read_for(connection, "artefact")
    assert before["type_stamp"] is None
    (row,) = connection.rows(clock.LOCK)
    commit = Instant(row["version"], row["stamp"], is_current=True)
    for statement in clock.log_commit(commit, WriteCommand(verb="create"), {"artefact": 1}, "ann"):
        connection.execute(statement)
    after = read_for(connection, "artefact")
    assert after == before | {
        "version": commit.version,
        "stamp": commit.as_of,
        "type_version": commit.version,
        "type_stamp": commit.as_of,
    }
    assert read_for(connection, "it's")["type_stamp"] is None


def test_version_at(connection: Connection) -> None:
    stamps = []
    for _ in range(3):
        (row,) = connection.rows(clock.LOCK)
        commit = Instant(row["version"], row["stamp"], is_current=True)
        for statement in clock.log_commit(commit, WriteCommand(verb="create"), {"artefact": 1}, "ann"):
            connection.execute(statement)
        stamps.append(commit)
    for commit in stamps:
        found = {"version": commit.version, "stamp": commit.as_of}
        assert connection.rows(clock.version_at(commit.as_of)) == [found]
    before = stamps[0].as_of - timedelta(days=10_000)
    assert connection.rows(clock.version_at(before)) == [{"version": 0, "stamp": None}]


def test_there_is_one_clock(connection: Connection) -> None:
    with pytest.raises(DatabaseError), connection.savepoint():
        connection.execute("INSERT INTO vxdata.commit_clock (version, stamp) VALUES (1, now())")
    with pytest.raises(DatabaseError), connection.savepoint():
        connection.execute("INSERT INTO vxdata.commit_clock VALUES (false, 1, now())")
