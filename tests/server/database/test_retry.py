"""Attempts, with errors that PostgreSQL itself raises."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.server.database.deadlocks import raise_conflict
from vxdata.schemas.errors import NotAllowed, ServerUnavailable
from vxdata.server.database.connection import READ_WRITE
from vxdata.server.database.errors import DatabaseError, TransactionConflict, UniqueViolation
from vxdata.server.database.retry import MAX_ATTEMPTS, retry_on_conflict
from vxdata.server.listeners.errors import translate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vxdata.server.database.connection import Connection
    from vxdata.server.database.pool import ConnectionPool


@pytest.fixture
def connection(database: ConnectionPool) -> Iterator[Connection]:
    """A connection in a transaction that has staged something."""
    with database.connection() as lent, lent.transaction(READ_WRITE):
        lent.execute("CREATE TEMPORARY TABLE staged (n bigint PRIMARY KEY) ON COMMIT DROP")
        lent.execute("INSERT INTO staged VALUES (0)")
        yield lent


def failing(connection: Connection, sqlstate: str, times: int) -> Callable[[], int]:
    """Something that writes, then fails so many times before it succeeds; it returns its attempts."""
    attempts: list[int] = []

    def act() -> int:
        attempts.append(len(attempts) + 1)
        connection.execute(f"INSERT INTO staged VALUES ({attempts[-1]})")
        if len(attempts) <= times:
            raise_conflict(connection, sqlstate)
        return len(attempts)

    return act


def staged(connection: Connection) -> list[int]:
    return [row["n"] for row in connection.rows("SELECT n FROM staged ORDER BY n")]


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
@pytest.mark.parametrize("times", range(MAX_ATTEMPTS))
def test_a_conflict_is_met_by_another_attempt(connection: Connection, sqlstate: str, times: int) -> None:
    assert retry_on_conflict(connection, failing(connection, sqlstate, times)) == times + 1
    # What was staged before is still there, and nothing of an attempt that was undone.
    assert staged(connection) == [0, times + 1]


def test_a_bounded_number_of_times(database: ConnectionPool) -> None:
    with database.connection() as connection:
        connection.execute("CREATE TEMPORARY TABLE staged (n bigint PRIMARY KEY)")
        act = failing(connection, "40P01", MAX_ATTEMPTS)
        with pytest.raises(TransactionConflict) as caught, connection.transaction(READ_WRITE):
            retry_on_conflict(connection, act)
        assert staged(connection) == []
        assert act() == MAX_ATTEMPTS + 1
        connection.execute("DROP TABLE staged")
    told = translate(caught.value)
    assert isinstance(told, ServerUnavailable)
    assert told.retryable


def test_a_conflict_behind_a_savepoint_of_the_attempt_itself(connection: Connection) -> None:
    act = failing(connection, "40P01", 1)

    def inner() -> int:
        with connection.savepoint():
            return act()

    assert retry_on_conflict(connection, inner) == 2
    assert staged(connection) == [0, 2]


@pytest.mark.parametrize(
    ("sqlstate", "error"), [("23505", UniqueViolation), ("22012", DatabaseError), ("57014", DatabaseError)]
)
def test_other_failures_are_told_at_once(
    connection: Connection, sqlstate: str, error: type[DatabaseError]
) -> None:
    act = failing(connection, sqlstate, 1)
    with pytest.raises(error):
        retry_on_conflict(connection, act)
    assert staged(connection) == [0]
    assert act() == 2


def test_a_refusal_is_no_conflict(connection: Connection) -> None:
    calls: list[int] = []

    def refuse() -> None:
        calls.append(1)
        raise NotAllowed("no")

    with pytest.raises(NotAllowed):
        retry_on_conflict(connection, refuse)
    assert calls == [1]
