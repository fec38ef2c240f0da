"""The pool of connections to the database."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final

from vxdata.schemas.errors import RequestTimedOut, ServerBusy, ServerUnavailable
from vxdata.server.database.connection import ConnectionFactory
from vxdata.server.database.errors import DatabaseError, Denied, TooManyConnections
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
    """What a connection is lent for. Each lane has places of its own, so that none waits for another.

    `READING` lists those that log in as the reading role, if there is one.
    """

    STREAM = "stream"
    """A result of any size; a place is held for as long as the query runs."""

    LOOKUP = "lookup"
    """One statement with a few rows, which are read at once: no client can prolong it."""

    WRITE = "write"
    """A transaction that writes. Writers wait for each other while they hold a place."""

    FENCE = "fence"
    """Moving the commit clock for a read at the present instant, which waits for the write in progress."""

    COPY = "copy"
    """Reading what is new for the columnar copies, from time to time a whole database."""

    PRIVATE = "private"
    """What the reading role does not see: tokens, and the key of signatures. One short statement."""


READS: Final = "reads (VXDATA_READ_URI)"
WRITES: Final = "writes (VXDATA_DATABASE_URI)"
"""What a login is for, and the setting that it stands in: two may differ, and errors tell which it was."""

READING: Final = frozenset({Lane.STREAM, Lane.LOOKUP, Lane.COPY})
"""The lanes that only read."""

KEEPING_ROOM: Final = frozenset({Lane.STREAM, Lane.WRITE})
"""The lanes whose places are held for long: in these, no caller takes the last ones."""

FENCES: Final = 2
"""Fences at a time; each waits for the same lock."""

COPIERS: Final = 1
"""Connections of the lane `COPY`: a server has one copier."""

PRIVATES: Final = 2
"""Connections of the lane `PRIVATE`."""


@dataclass(frozen=True)
class _Login:
    """A role that connects, and its connections that nobody uses.

    Args:
        factory: Makes connections.
        purpose: What it is for; empty if the pool has no other login.
        idle: The idle ones; the one that was used last is at the end.
    """

    factory: ConnectionFactory
    purpose: str = ""
    idle: deque[Connection] = field(default_factory=deque)

    def next_idle(self) -> Connection | None:
        """Take the idle connection that was used last, or None."""
        try:
            return self.idle.pop()
        except IndexError:
            return None


class ConnectionPool:
    """A bounded pool of connections to one database, with a fair queue for each lane.

    Args:
        uri: libpq connection URI.
        read_uri: The same for a role that may only read, for the lanes that do; as `uri` by default.
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
        read_uri: SecretStr | None = None,
        size: int = 16,
        writers: int = 8,
        lookups: int = 8,
        wait: float = 60.0,
        limits: StatementLimits = NO_LIMITS,
        set_up: Sequence[str] = (),
    ) -> None:
        """Open the first connection of each role; all others are their clones."""
        self._wait = wait
        sizes = {
            Lane.STREAM: size,
            Lane.LOOKUP: lookups,
            Lane.WRITE: writers,
            Lane.FENCE: FENCES,
            Lane.COPY: COPIERS,
            Lane.PRIVATE: PRIVATES,
        }
        self._places = {
            lane: FairSemaphore(places, keeps_room=lane in KEEPING_ROOM) for lane, places in sizes.items()
        }
        self._is_closed = False
        # The driver does not allow two threads to open or close connections of one handle (adbc#4753).
        self._opening = threading.Lock()
        self._returned = threading.Condition()
        self._set_up = (*SET_UP, *limits.statements, *set_up)
        if read_uri is None:
            owner = reader = _Login(ConnectionFactory(uri, limits))
        else:
            owner = _Login(ConnectionFactory(uri, limits), WRITES)
            reader = _Login(ConnectionFactory(read_uri, limits), READS)
        self._logins = {lane: reader if lane in READING else owner for lane in Lane}
        try:
            for lane in (Lane.STREAM, Lane.WRITE):
                with self.connection(lane):
                    pass
        except BaseException:
            self.close()
            raise

    def has_waiters(self, lane: Lane) -> bool:
        """Return whether a caller waits for a connection of a lane."""
        return self._places[lane].waiters > 0

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
            login = self._logins[lane]
            connection = self._getconn(login, until) if admitted else None
            if connection is None:
                are_kept = not admitted and self._places[lane].free > 0
                raise _no_connection(wait, deadline, are_kept=are_kept)
            try:
                yield connection
            finally:
                self._putconn(login, connection)

    @property
    def has_two_logins(self) -> bool:
        """Whether connections that only read have a login of their own."""
        return self._logins[Lane.LOOKUP] is not self._logins[Lane.PRIVATE]

    def reconnect(self) -> None:
        """Have later calls take new connections: those that are open know no types that were added since."""
        with self._opening:
            self._close_logins()

    def close(self) -> None:
        """Close all idle connections; connections in use are closed when they are returned."""
        with self._opening:
            self._is_closed = True
            self._close_logins()

    def _getconn(self, login: _Login, until: float) -> Connection | None:
        """Return an idle connection or a new one; None if PostgreSQL has no slot for one in time."""
        while True:
            while (connection := login.next_idle()) is not None:
                if _is_usable(connection):
                    return connection
                self._discard(connection)
            try:
                return self._open(login)
            except TooManyConnections:
                if time.monotonic() >= until:
                    return None
                self._give_up_idle(login)
            with self._returned:  # another caller of this pool may return one; other programs tell nobody
                self._returned.wait(min(SLOT_SECONDS, max(until - time.monotonic(), 0)))

    def _putconn(self, login: _Login, connection: Connection) -> None:
        if connection.is_broken:
            self._discard(connection)
            return
        with self._opening:
            if self._is_closed:
                connection.close()
            else:
                login.idle.append(connection)
        with self._returned:
            self._returned.notify_all()  # who waits may need the other role's connections

    def _open(self, login: _Login) -> Connection:
        with self._opening:
            if self._is_closed:
                msg = "The connections to the database are closed."
                raise ServerUnavailable(msg)
            try:
                connection = login.factory.connect()
            except TooManyConnections:
                raise
            except DatabaseError as error:
                msg = f"The database cannot be reached{_by(login)}."
                raise ServerUnavailable(msg) from error
        try:
            connection.execute(*self._set_up)
        except DatabaseError as error:
            self._discard(connection)
            raise ServerUnavailable(_refusal(login, error)) from error
        return connection

    def _discard(self, connection: Connection) -> None:
        """Close a connection; if PostgreSQL dropped it, it has dropped the idle ones as well."""
        with self._opening:
            if connection.is_lost:
                self._close_idle()
            connection.close()

    def _give_up_idle(self, wanted: _Login) -> None:
        """Close an idle connection of another role, which holds a slot that this one needs."""
        with self._opening:
            for login in self._logins.values():
                if login is not wanted and (connection := login.next_idle()) is not None:
                    connection.close()
                    return

    def _close_idle(self) -> None:
        for login in self._logins.values():
            while (connection := login.next_idle()) is not None:
                connection.close()

    def _close_logins(self) -> None:
        self._close_idle()
        for login in self._logins.values():
            login.factory.close()


def _no_connection(wait: float, deadline: float, *, are_kept: bool) -> RequestTimedOut | ServerBusy:
    if time.monotonic() >= deadline:
        return RequestTimedOut("The deadline of the call passed while it waited for a database connection.")
    reason = "; those that are free are kept for other callers" if are_kept else ""
    msg = f"No database connection became free within {wait:g} seconds{reason}; try again later."
    return ServerBusy(msg, wait_seconds=wait)


def _by(login: _Login) -> str:
    return f" by the login for {login.purpose}" if login.purpose else ""


def _refusal(login: _Login, error: DatabaseError) -> str:
    if isinstance(error, Denied):
        return (
            f"The role{f' for {login.purpose}' if login.purpose else ''} may not limit temporary files: run "
            f"GRANT SET ON PARAMETER temp_file_limit TO the role, or unset {TEMP_SETTING}."
        )
    return f"The database accepts no connections{_by(login)}."


def _is_usable(connection: Connection) -> bool:
    if time.monotonic() - connection.last_used < IDLE_BEFORE_PING:
        return True
    try:
        connection.rows("SELECT 1 AS one")
    except DatabaseError:
        return False
    return True
