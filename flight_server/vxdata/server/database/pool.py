"""The pool of connections to the database."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from vxdata.schemas.errors import RequestTimedOut, ServerBusy, ServerUnavailable
from vxdata.server.database.connection import ConnectionFactory
from vxdata.server.database.errors import DatabaseError
from vxdata.server.database.semaphore import FairSemaphore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import SecretStr

    from vxdata.server.database.connection import Connection

IDLE_BEFORE_PING: Final = 30.0
"""Seconds after which an idle connection is tested before it is used again."""


class ConnectionPool:
    """A bounded pool of connections to one database, first come, first served.

    Writers wait for each other while they hold a connection, so theirs are counted apart: a reader finds
    one however many writers there are.

    Args:
        uri: libpq connection URI.
        size: Connections of all readers, at most.
        writers: Connections of all writers, at most, beside those of the readers.
        wait: Seconds that a caller waits for a free connection.

    Raises:
        ServerUnavailable: PostgreSQL cannot be reached.
    """

    def __init__(self, uri: SecretStr, *, size: int = 16, writers: int = 8, wait: float = 60.0) -> None:
        """Open the first connection; all others are its clones."""
        self._wait = wait
        self._readers = FairSemaphore(size)
        self._writers = FairSemaphore(writers)
        self._idle: deque[Connection] = deque()
        self._is_closed = False
        # The driver does not allow two threads to open or close connections of one handle (adbc#4753).
        self._opening = threading.Lock()
        self._factory = ConnectionFactory(uri)
        with self.connection():
            pass

    @contextmanager
    def connection(
        self, *, wait: float | None = None, for_writing: bool = False, deadline: float = math.inf
    ) -> Iterator[Connection]:
        """Lend a connection for the length of a block.

        Args:
            wait: Seconds to wait for one; as long as the pool's callers do by default.
            for_writing: Whether it is taken from the connections for writers.
            deadline: Time by which the wait must have ended, in seconds of the monotonic clock.

        Yields:
            A connection outside any transaction.

        Raises:
            ServerBusy: No connection became free in time.
            RequestTimedOut: No connection became free before the deadline.
            ServerUnavailable: PostgreSQL cannot be reached, or the pool is closed.
        """
        wait = self._wait if wait is None else wait
        semaphore = self._writers if for_writing else self._readers
        with semaphore.acquire(min(wait, max(deadline - time.monotonic(), 0))) as admitted:
            if not admitted and time.monotonic() >= deadline:
                msg = "The deadline of the call passed while it waited for a database connection."
                raise RequestTimedOut(msg)
            if not admitted:
                msg = f"No database connection became free within {wait:g} seconds; try again later."
                raise ServerBusy(msg, wait_seconds=wait)
            connection = self._getconn()
            try:
                yield connection
            finally:
                self._putconn(connection)

    def close(self) -> None:
        """Close all idle connections; connections in use are closed when they are returned."""
        with self._opening:
            self._is_closed = True
            self._close_idle()
            self._factory.close()

    def _getconn(self) -> Connection:
        while (connection := self._next_idle()) is not None:
            if _is_usable(connection):
                return connection
            self._discard(connection)
        return self._open()

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

    def _open(self) -> Connection:
        with self._opening:
            if self._is_closed:
                msg = "The connections to the database are closed."
                raise ServerUnavailable(msg)
            try:
                connection = self._factory.connect()
            except DatabaseError as error:
                msg = "The database cannot be reached."
                raise ServerUnavailable(msg) from error
        try:
            connection.execute("SET TIME ZONE 'UTC'")
        except DatabaseError as error:
            self._discard(connection)
            msg = "The database accepts no connections."
            raise ServerUnavailable(msg) from error
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


def _is_usable(connection: Connection) -> bool:
    if time.monotonic() - connection.last_used < IDLE_BEFORE_PING:
        return True
    try:
        connection.rows("SELECT 1 AS one")
    except DatabaseError:
        return False
    return True
