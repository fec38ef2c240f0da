"""The pool of connections to the database."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING, Final

from vxdata.schemas.errors import RequestTimedOut, ServerBusy, ServerUnavailable
from vxdata.server.database.connection import ConnectionFactory
from vxdata.server.database.errors import DatabaseError, TooManyConnections
from vxdata.server.database.semaphore import FairSemaphore
from vxdata.server.database.statement_limits import TEMP_SETTING, StatementLimits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydantic import SecretStr

    from vxdata.server.database.connection import Connection

IDLE_BEFORE_PING: Final = 30.0
"""Seconds after which an idle connection is tested before it is used again."""

SET_UP: Final = (
    "SET TIME ZONE 'UTC'",
    "SET client_encoding TO 'UTF8'",
    "SET standard_conforming_strings TO on",
)
"""What every connection begins with.

PGTZ and PGCLIENTENCODING may say otherwise, and the driver takes all text for UTF-8. A role or a database
that
others have designed may be set to read backslashes in texts as escapes: then literals would not end where
they are quoted.
"""

NO_LIMITS: Final = StatementLimits()

SLOT_SECONDS: Final = 0.25
"""Seconds between two attempts to connect while PostgreSQL has no free slot."""


class Lane(Enum):
    """What a connection is lent for. Each lane has places of its own, so that none waits for another."""

    STREAM = "stream"
    """A result of any size; a place is held for as long as the query runs."""

    LOOKUP = "lookup"
    """One statement with a few rows, which are read at once: no client can prolong it."""

    WRITE = "write"
    """A transaction that writes. Writers wait for each other while they hold a place."""

    FENCE = "fence"
    """Moving the commit clock for a read at the present instant, which waits for the write in progress."""


FENCES: Final = 2
"""Fences at a time; each waits for the same lock."""


class ConnectionPool:
    """A bounded pool of connections to one database, with a fair queue for each lane.

    Args:
        uri: libpq connection URI.
        size: Connections of the lane `STREAM`, at most.
        writers: Connections of the lane `WRITE`, at most.
        lookups: Connections of the lane `LOOKUP`, at most.
        wait: Seconds that a caller waits for a free connection.
        limits: The limits of statements; none by default.
        set_up: Statements that every connection begins with, after those that all pools have.

    Raises:
        ServerUnavailable: PostgreSQL cannot be reached, or does not let the role set the limits.
    """

    def __init__(
        self,
        uri: SecretStr,
        *,
        size: int = 16,
        writers: int = 8,
        lookups: int = 8,
        wait: float = 60.0,
        limits: StatementLimits = NO_LIMITS,
        set_up: Sequence[str] = (),
    ) -> None:
        """Open the first connection; all others are its clones."""
        self._wait = wait
        sizes = {Lane.STREAM: size, Lane.LOOKUP: lookups, Lane.WRITE: writers, Lane.FENCE: FENCES}
        self._places = {lane: FairSemaphore(places) for lane, places in sizes.items()}
        self._idle: deque[Connection] = deque()
        self._is_closed = False
        # The driver does not allow two threads to open or close connections of one handle (adbc#4753).
        self._opening = threading.Lock()
        self._returned = threading.Condition()
        self._set_up = (*SET_UP, *limits.statements, *set_up)
        self._factory = ConnectionFactory(uri, limits)
        try:
            with self.connection():
                pass
        except BaseException:
            self._factory.close()
            raise

    def has_waiters(self, lane: Lane) -> bool:
        """Return whether a caller waits for a connection of a lane."""
        return self._places[lane].has_waiters

    @contextmanager
    def connection(
        self,
        lane: Lane = Lane.STREAM,
        *,
        caller: str = "",
        wait: float | None = None,
        deadline: float = math.inf,
    ) -> Iterator[Connection]:
        """Lend a connection for the length of a block.

        Args:
            lane: What it is for.
            caller: The caller that it counts for: the lane's places are divided among callers.
            wait: Seconds to wait for one; as long as the pool's callers do by default.
            deadline: Time by which the wait must have ended, in seconds of the monotonic clock.

        Yields:
            A connection outside any transaction.

        Raises:
            ServerBusy: No connection became free in time.
            RequestTimedOut: No connection became free before the deadline.
            ServerUnavailable: PostgreSQL cannot be reached, or the pool is closed.
        """
        wait = self._wait if wait is None else wait
        until = min(time.monotonic() + wait, deadline)
        with self._places[lane].acquire(max(until - time.monotonic(), 0), caller) as admitted:
            connection = self._getconn(until) if admitted else None
            if connection is None:
                raise _no_connection(wait, deadline)
            try:
                yield connection
            finally:
                self._putconn(connection)

    def reconnect(self) -> None:
        """Have later calls take new connections: those that are open know no types that were added since."""
        with self._opening:
            self._close_idle()
            self._factory.close()

    def close(self) -> None:
        """Close all idle connections; connections in use are closed when they are returned."""
        with self._opening:
            self._is_closed = True
            self._close_idle()
            self._factory.close()

    def _getconn(self, until: float) -> Connection | None:
        """Return an idle connection or a new one; None if PostgreSQL has no slot for one in time."""
        while True:
            while (connection := self._next_idle()) is not None:
                if _is_usable(connection):
                    return connection
                self._discard(connection)
            try:
                return self._open()
            except TooManyConnections:
                if time.monotonic() >= until:
                    return None
            with self._returned:  # another caller of this pool may return one; other programs tell nobody
                self._returned.wait(min(SLOT_SECONDS, max(until - time.monotonic(), 0)))

    def _next_idle(self) -> Connection | None:
        """Return the idle connection that was used last, or None."""
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _putconn(self, connection: Connection) -> None:
        if connection.is_broken:
            self._discard(connection)
            return
        with self._opening:
            if self._is_closed:
                connection.close()
            else:
                self._idle.append(connection)
        with self._returned:
            self._returned.notify()

    def _open(self) -> Connection:
        with self._opening:
            if self._is_closed:
                msg = "The connections to the database are closed."
                raise ServerUnavailable(msg)
            try:
                connection = self._factory.connect()
            except TooManyConnections:
                raise
            except DatabaseError as error:
                msg = "The database cannot be reached."
                raise ServerUnavailable(msg) from error
        try:
            connection.execute(*self._set_up)
        except DatabaseError as error:
            self._discard(connection)
            raise ServerUnavailable(_refusal(error)) from error
        return connection

    def _discard(self, connection: Connection) -> None:
        """Close a connection; if PostgreSQL dropped it, it has dropped the idle ones as well."""
        with self._opening:
            if connection.is_lost:
                self._close_idle()
            connection.close()

    def _close_idle(self) -> None:
        while (connection := self._next_idle()) is not None:
            connection.close()


def _no_connection(wait: float, deadline: float) -> RequestTimedOut | ServerBusy:
    if time.monotonic() >= deadline:
        return RequestTimedOut("The deadline of the call passed while it waited for a database connection.")
    msg = f"No database connection became free within {wait:g} seconds; try again later."
    return ServerBusy(msg, wait_seconds=wait)


def _refusal(error: DatabaseError) -> str:
    if error.sqlstate == "42501":
        return (
            "The role may not limit temporary files: run GRANT SET ON PARAMETER temp_file_limit TO the role, "
            f"or unset {TEMP_SETTING}."
        )
    return "The database accepts no connections."


def _is_usable(connection: Connection) -> bool:
    if time.monotonic() - connection.last_used < IDLE_BEFORE_PING:
        return True
    try:
        connection.rows("SELECT 1 AS one")
    except DatabaseError:
        return False
    return True
