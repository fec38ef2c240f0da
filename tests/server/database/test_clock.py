"""Instants: an answer, once given for an instant, holds for ever."""

from __future__ import annotations

import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.server.support import create, resources, scalar, until
from vxdata.schemas.errors import AsOfInFuture
from vxdata.schemas.wire import WriteCommand
from vxdata.server.database.clock import fence, last_commit, lock_clock, resolve_snapshot
from vxdata.server.database.connection import READ_ONLY, READ_WRITE
from vxdata.sql.commit_clock import log_commit
from vxdata.sql.instant import Instant

if TYPE_CHECKING:
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.services.write import WriteService


def now(database: ConnectionPool) -> datetime:
    found = scalar(database, "SELECT clock_timestamp() AS now")
    assert isinstance(found, datetime)
    return found


def resolved(database: ConnectionPool, resource_type: str, as_of: datetime | None) -> Instant:
    with database.connection() as connection, connection.transaction(READ_ONLY):
        return resolve_snapshot(connection, (resource_type,), as_of).instant


def add(creates: WriteService, resource_type: str = "datasource") -> Instant:
    """Commit one resource; its instant."""
    row = {"identifier": f"{resource_type}/{secrets.token_hex(6)}"}
    receipt = create(creates, resources(resource_type, row))
    return Instant(receipt.version, receipt.as_of, is_current=True)


def test_later_than_the_clock(database: ConnectionPool) -> None:
    for ahead in (timedelta(minutes=1), timedelta(days=40_000)):
        as_of = now(database) + ahead
        before = scalar(database, "SELECT stamp FROM vxdata.commit_clock")
        with pytest.raises(AsOfInFuture, match="lies in the future") as caught:
            fence(database, as_of)
        assert caught.value.details["as_of"] == as_of.isoformat()
        assert scalar(database, "SELECT stamp FROM vxdata.commit_clock") == before


def test_between_the_last_commit_and_now(database: ConnectionPool, creates: WriteService) -> None:
    last = add(creates)
    as_of = now(database)
    assert as_of > last.as_of
    fence(database, as_of)
    assert resolved(database, "datasource", as_of) == Instant(last.version, as_of, is_current=True)
    later = add(creates)
    assert later.as_of > as_of
    assert later.version == last.version + 1
    assert resolved(database, "datasource", as_of) == Instant(last.version, as_of, is_current=False)


def test_at_or_before_the_last_commit_the_floor_stays(
    database: ConnectionPool, creates: WriteService
) -> None:
    first, last = add(creates), add(creates)
    for as_of in (first.as_of, last.as_of, datetime(1, 1, 1, tzinfo=UTC)):
        fence(database, as_of)
    with database.connection() as connection:
        assert last_commit(connection) == last


def test_later_than_a_commit_that_is_still_being_written(database: ConnectionPool) -> None:
    """A writer has its stamp but has not committed: the instant after it must wait for it."""
    answered = threading.Event()

    def ask() -> None:
        fence(database, as_of)
        answered.set()

    with database.connection() as writer, writer.transaction(READ_WRITE):
        commit = lock_clock(writer)
        as_of = now(database)
        assert as_of > commit.as_of
        for statement in log_commit(commit, WriteCommand(verb="create"), {"artefact": 1}, "ann"):
            writer.execute(statement)
        reader = threading.Thread(target=ask)
        reader.start()
        until(lambda: waiting_for_locks(database), "the reader waits for the writer")
        assert not answered.is_set()
    reader.join()
    assert answered.is_set()
    with database.connection() as connection:
        assert last_commit(connection).as_of == as_of
        assert last_commit(connection).version == commit.version


def waiting_for_locks(database: ConnectionPool) -> int:
    return int(
        scalar(
            database,
            "SELECT count(*) AS n FROM pg_stat_activity "
            "WHERE wait_event_type = 'Lock' AND datname = current_database()",
        )
    )


def test_resolving(database: ConnectionPool, creates: WriteService) -> None:
    first = add(creates, "artefact")
    second = add(creates)
    # Nothing of the type was committed after the first: its latest versions are the answer.
    assert resolved(database, "artefact", first.as_of) == first
    assert not resolved(database, "datasource", first.as_of).is_current
    assert resolved(database, "artefact", None) == second
    assert resolved(database, "datasource", second.as_of) == second
    before = resolved(database, "artefact", first.as_of - timedelta(microseconds=1))
    assert (before.version, before.is_current) == (first.version - 1, False)
    # A type that was never written is current at every instant.
    assert resolved(database, "volume", first.as_of).is_current


def test_stamps_increase_with_the_order_of_commits(database: ConnectionPool, creates: WriteService) -> None:
    with ThreadPoolExecutor(6) as executor:
        commits = list(executor.map(lambda _: add(creates), range(36)))
    ordered = sorted(commits, key=lambda commit: commit.version)
    assert [commit.version for commit in ordered] == list(
        range(ordered[0].version, ordered[0].version + len(commits))
    )
    stamps = [commit.as_of for commit in ordered]
    assert stamps == sorted(set(stamps))
    versions = ", ".join(str(commit.version) for commit in commits)
    with database.connection() as connection:
        rows = connection.rows(
            f"SELECT l.version, l.stamp, d.valid_from, d.created_at FROM vxdata.commit_log AS l "
            f"JOIN vxdata.datasource AS d USING (version) WHERE version IN ({versions}) ORDER BY version"
        )
    assert [row["stamp"] for row in rows] == stamps
    assert all(row["stamp"] == row["valid_from"] == row["created_at"] for row in rows)
