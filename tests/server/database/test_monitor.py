"""The cancellation monitor: what runs for nobody is cancelled, and nothing else."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.server.support import never, scalar, until
from vxdata.server.database.errors import DatabaseError, StatementCancelled
from vxdata.server.database.monitor import CancellationMonitor

if TYPE_CHECKING:
    from vxdata.server.database.pool import ConnectionPool


class Statement:
    """Counts how often it is cancelled."""

    def __init__(self, error: Exception | None = None) -> None:
        self.cancelled = 0
        self.error = error

    def cancel(self) -> None:
        self.cancelled += 1
        if self.error is not None:
            raise self.error


class Slow:
    """Is cancelled only once it is released."""

    def __init__(self) -> None:
        self.begun, self.release = threading.Event(), threading.Event()
        self.has_ended = False

    def cancel(self) -> None:
        self.begun.set()
        assert self.release.wait(30)
        self.has_ended = True


def gone() -> bool:
    return True


def test_the_caller_has_gone(monitor: CancellationMonitor) -> None:
    statement, other = Statement(), Statement()
    with monitor.watching(other, never), monitor.watching(statement, gone):
        until(lambda: statement.cancelled, "it is cancelled")
    assert other.cancelled == 0


def test_cancelled_again_until_it_ends(monitor: CancellationMonitor) -> None:
    """A cancel that comes between two statements of a transaction hits nothing."""
    statement = Statement()
    with monitor.watching(statement, gone):
        until(lambda: statement.cancelled > 2, "it is cancelled again")


def test_not_after_the_block(monitor: CancellationMonitor) -> None:
    statement, sentinel = Statement(), Statement()
    with monitor.watching(statement, gone):
        pass
    before = statement.cancelled
    with monitor.watching(sentinel, gone):
        until(lambda: sentinel.cancelled > 1, "the watch has been round twice")
    assert statement.cancelled == before


def test_left_by_an_error(monitor: CancellationMonitor) -> None:
    statement = Statement()
    with pytest.raises(ValueError, match="x"), monitor.watching(statement, never):
        raise ValueError("x")
    assert monitor.cancel_all() == 0


def test_a_cancel_that_fails_does_not_end_the_monitor(monitor: CancellationMonitor) -> None:
    failing, statement = Statement(DatabaseError("no route")), Statement()
    with monitor.watching(failing, gone):
        until(lambda: failing.cancelled > 1, "it is tried again")
    with monitor.watching(statement, gone):
        until(lambda: statement.cancelled, "the watch goes on")


def test_a_caller_that_cannot_be_asked_does_not_end_the_monitor(monitor: CancellationMonitor) -> None:
    asked = threading.Event()

    def unknown() -> bool:
        asked.set()
        raise RuntimeError

    odd, statement = Statement(), Statement()
    with monitor.watching(odd, unknown):
        assert asked.wait(30)
        with monitor.watching(statement, gone):
            until(lambda: statement.cancelled, "the watch goes on")


def test_cancel_all(monitor: CancellationMonitor) -> None:
    first, second = Statement(), Statement()
    with monitor.watching(first, never), monitor.watching(second, never):
        assert monitor.cancel_all() == 2
        assert min(first.cancelled, second.cancelled) > 0
        until(lambda: first.cancelled > 2, "it is cancelled until it ends")
    assert monitor.cancel_all() == 0


def test_a_slow_cancel_holds_up_nothing_else(monitor: CancellationMonitor) -> None:
    """A cancel of a PostgreSQL that does not respond takes as long as its connection attempt."""
    slow = Slow()
    with monitor.watching(slow, gone):
        assert slow.begun.wait(30)
        statement = Statement()
        with monitor.watching(statement, gone):
            until(lambda: statement.cancelled, "another statement is cancelled")
        with monitor.watching(Statement(), never):
            pass
        slow.release.set()


def test_the_end_waits_for_its_own_cancel(monitor: CancellationMonitor) -> None:
    """Else the cancel could hit the next statement of the connection."""
    slow = Slow()
    threading.Timer(0.3, slow.release.set).start()
    with monitor.watching(slow, gone):
        assert slow.begun.wait(30)
    assert slow.has_ended


def test_no_caller_is_asked_after_its_block(monitor: CancellationMonitor) -> None:
    """The context of a Flight call is freed when its handler returns: to ask it later ends the process."""
    asked, may_answer, left = threading.Event(), threading.Event(), threading.Event()

    def slow() -> bool:
        asked.set()
        assert may_answer.wait(30)
        return False

    def block() -> None:
        with monitor.watching(Statement(), slow):
            assert asked.wait(30)
        left.set()

    thread = threading.Thread(target=block)
    thread.start()
    assert asked.wait(30)
    assert not left.wait(0.3), "the block waits for the question"
    may_answer.set()
    assert left.wait(30)
    thread.join()


def test_close_ends_the_thread() -> None:
    with closing(CancellationMonitor()) as monitor:
        thread = monitor._thread
        assert thread.is_alive()
    assert not thread.is_alive()


def test_a_real_statement(monitor: CancellationMonitor, database: ConnectionPool) -> None:
    with (
        pytest.raises(StatementCancelled),
        database.connection() as connection,
        monitor.watching(connection, gone),
    ):
        connection.rows("SELECT pg_sleep(300)::text")
    assert scalar(database, "SELECT 1 AS one") == 1
