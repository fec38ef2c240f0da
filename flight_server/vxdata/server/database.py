"""The database boundary: the only module that imports ADBC.

A `Database` is a bounded pool of connections; a `Connection` runs one statement at a time (libpq
allows no more: a second cursor would silently end the first one's stream). Failures of the driver
come out as `DatabaseError`, classified by SQLSTATE, never by message.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import adbc_driver_manager
import pyarrow as pa
from adbc_driver_postgresql import StatementOptions, dbapi

from vxdata.schemas.errors import ServerBusy, ServerUnavailable
from vxdata.server.database_errors import (
    ConnectionLost,
    DatabaseError,
    StatementCancelled,
    classify,
    classify_text,
    connect_failure,
    first_line,
)
from vxdata.server.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import SecretStr

BATCH_BYTES: Final = 4 * 1024 * 1024
"""Wire bytes of a batch: about 3 MB of Arrow, within the 1 to 4 MB that gRPC carries best."""

USE_COPY: Final = StatementOptions.USE_COPY.value
BATCH_SIZE: Final = StatementOptions.BATCH_SIZE_HINT_BYTES.value

IDLE_BEFORE_PING: Final = 30.0
"""Seconds after which an idle connection is tried before it is lent out."""

READ_ONLY: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
READ_WRITE: Final = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"


class Connection:
    """One connection, used by one thread at a time."""

    def __init__(self, raw: dbapi.Connection) -> None:
        """Wrap a connection in autocommit mode."""
        self._raw = raw
        self._cursor = raw.cursor()
        self.last_used = time.monotonic()
        self.is_broken = False
        self.is_lost = False
        self._is_streaming = False
        self._is_cancelled = False

    def execute(self, *statements: str) -> int:
        """Run statements that return no rows, one after the other, in one round trip.

        Args:
            statements: The statements; where one fails, those after it are not run.

        Returns:
            Rows affected by the last, -1 where PostgreSQL does not count.

        Raises:
            DatabaseError: PostgreSQL refused one, or the connection broke.
        """
        with self._classified():
            # Without parameters this asks for no result, so the driver sends the text as it is. `execute`
            # would prepare, describe and run it: three round trips, and no more than one statement.
            self._cursor.executemany("; ".join(statements), None)
            return int(self._cursor.rowcount)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Run a small query as `table` does, and return a dictionary a row."""
        return list(self.table(sql).to_pylist())

    def table(self, sql: str) -> pa.Table:
        """Run one query or an INSERT that returns rows, and hold its result in memory.

        Raises:
            DatabaseError: PostgreSQL refused it, or the connection broke.
        """
        with self._classified():
            self._run(sql, copies=False)
            return self._cursor.fetch_arrow_table()

    @contextmanager
    def stream(self, sql: str, *, is_small: bool = False) -> Iterator[Iterator[pa.RecordBatch]]:
        """Run a query and stream its batches through COPY, with flat memory.

        A stream that is left early is cancelled first: otherwise the connection would go on
        receiving the rest of the rows before it could be used again.

        Args:
            sql: One query without bound parameters.
            is_small: Whether its rows are so few that they can come all at once, without COPY.

        Yields:
            The batches; the connection must do nothing else, save `cancel`, until the block ends.

        Raises:
            DatabaseError: PostgreSQL refused it, or the connection broke.
        """
        self._is_cancelled = False  # before it begins: a cancel may come while it does
        with self._classified():
            self._run(sql, copies=not is_small)
            reader = self._cursor.fetch_record_batch()
        self._is_streaming = not is_small
        try:
            yield self._batches(reader)
        finally:
            self._end_stream(reader)

    def _run(self, sql: str, *, copies: bool) -> None:
        """Begin a query: through COPY in three round trips, or in one, with all its rows in memory."""
        options = {USE_COPY: str(copies).lower(), BATCH_SIZE: str(BATCH_BYTES)}
        self._cursor.adbc_statement.set_options(**options)
        self._cursor.execute(sql)

    def _batches(self, reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        """Read to the end; a stream that breaks off brings no SQLSTATE, so distrust the connection."""
        try:
            yield from reader
            self._is_streaming = False
        except (pa.ArrowException, OSError) as error:
            self._is_streaming = False
            self.is_broken = True
            failure = self._broken_off(first_line(error))
            self.is_lost |= isinstance(failure, ConnectionLost)
            raise failure from None
        finally:
            self.last_used = time.monotonic()

    def _broken_off(self, message: str) -> DatabaseError:
        if self._is_cancelled:
            return StatementCancelled(message)
        return classify_text(message) if self._answers() else ConnectionLost(message)

    def _end_stream(self, reader: pa.RecordBatchReader) -> None:
        """Cancel what is left of a stream; a connection that cannot be cancelled is no use any more."""
        try:
            if self._is_streaming:
                self.cancel()
        except DatabaseError:
            self.is_broken = True
        finally:
            self._is_streaming = False
            reader.close()

    def ingest(self, table: str, reader: pa.RecordBatchReader) -> int:
        """Append batches to a temporary table by COPY.

        Args:
            table: Name of the temporary table.
            reader: Batches whose types are those of the table's columns.

        Returns:
            Rows copied.

        Raises:
            DatabaseError: PostgreSQL refused a row, or the connection broke.
        """
        with self._classified():
            return int(self._cursor.adbc_ingest(table, reader, mode="append", temporary=True))

    @contextmanager
    def transaction(self, begin: str) -> Iterator[None]:
        """Run a block in a transaction; roll it back if the block fails.

        Args:
            begin: `READ_ONLY` or `READ_WRITE`.
        """
        self.execute(begin)
        try:
            yield
        except BaseException:
            self.rollback()
            raise
        self.execute("COMMIT")

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Run a block so that a failure leaves the transaction usable, with the block undone."""
        self.execute("SAVEPOINT attempt")
        try:
            yield
        except DatabaseError:
            self.execute("ROLLBACK TO SAVEPOINT attempt")
            # It is still there after that, and would hide one of the same name around it.
            self.execute("RELEASE SAVEPOINT attempt")
            raise
        self.execute("RELEASE SAVEPOINT attempt")

    def rollback(self) -> None:
        """End the transaction without effect; a connection that cannot is marked broken."""
        try:
            self.execute("ROLLBACK")
        except DatabaseError:
            self.is_broken = True

    def cancel(self) -> None:
        """Ask PostgreSQL to stop the statement that runs on this connection; callable from any thread.

        Raises:
            DatabaseError: PostgreSQL could not be asked.
        """
        self._is_cancelled = True
        try:
            self._cursor.adbc_cancel()
        except adbc_driver_manager.Error as error:
            raise DatabaseError(first_line(error)) from None

    def close(self) -> None:
        """Close the cursor before the connection: the driver refuses the other order."""
        self._cursor.close()
        self._raw.close()

    @contextmanager
    def _classified(self) -> Iterator[None]:
        try:
            yield
        except adbc_driver_manager.Error as error:
            failure = self._classify(error)
            self.is_lost |= isinstance(failure, ConnectionLost)
            self.is_broken |= self.is_lost
            # Without its cause: the driver's text holds the SQL, and that holds values.
            raise failure from None
        finally:
            self.last_used = time.monotonic()

    def _classify(self, error: adbc_driver_manager.Error) -> DatabaseError:
        if error.sqlstate:
            return classify(error.sqlstate, dict(error.details or []), "no message")
        # The driver has one code for all it cannot read or write, so only asking tells a lost connection.
        message = f"the driver failed without an answer from PostgreSQL ({error.status_code.name})"
        if error.status_code == adbc_driver_manager.AdbcStatusCode.IO and not self._answers():
            return ConnectionLost(message)
        return DatabaseError(message)

    def _answers(self) -> bool:
        """Whether PostgreSQL answers on this connection, if only that the transaction has failed."""
        try:
            self._cursor.execute("SELECT 1")
        except adbc_driver_manager.Error as error:
            return error.sqlstate is not None and not error.sqlstate.startswith("57P")
        return True


class Database:
    """A bounded pool of connections to one database, first come, first served.

    Writers wait for each other while they hold a connection, so theirs are counted apart: a reader finds
    one however many writers there are.

    Args:
        uri: libpq connection URI.
        size: Most connections that readers have at a time.
        writers: Most connections that writers have at a time, beside those.
        wait: Seconds that a caller waits for a free connection.

    Raises:
        ServerUnavailable: PostgreSQL cannot be reached.
    """

    def __init__(self, uri: SecretStr, *, size: int = 16, writers: int = 8, wait: float = 60.0) -> None:
        """Open the first connection, of which all others are clones."""
        self._wait = wait
        self._turns = Turns(size)
        self._writer_turns = Turns(writers)
        self._idle: deque[Connection] = deque()
        self._is_closed = False
        # The driver does not allow two threads to open or close connections of one handle (adbc#4753).
        self._opening = threading.Lock()
        self._uri = uri
        self._origin: dbapi.Connection | None = None
        with self.connection():
            pass

    @contextmanager
    def connection(self, *, wait: float | None = None, for_writing: bool = False) -> Iterator[Connection]:
        """Lend a connection for the length of a block.

        Args:
            wait: Seconds to wait for one; as long as the pool's callers do by default.
            for_writing: Whether it is for one that may wait for other writers.

        Yields:
            A connection outside any transaction.

        Raises:
            ServerBusy: None became free in time.
            ServerUnavailable: PostgreSQL cannot be reached, or the pool is closed.
        """
        wait = self._wait if wait is None else wait
        turns = self._writer_turns if for_writing else self._turns
        with turns.turn(wait) as admitted:
            if not admitted:
                msg = f"No database connection became free within {wait:g} seconds; try again later."
                raise ServerBusy(msg, wait_seconds=wait)
            connection = self._take()
            try:
                yield connection
            finally:
                self._give_back(connection)

    def close(self) -> None:
        """Close all idle connections; those lent out are closed when they come back."""
        with self._opening:
            self._is_closed = True
            self._close_idle()
            self._forget_origin()

    def _take(self) -> Connection:
        while (connection := self._next_idle()) is not None:
            if _is_usable(connection):
                return connection
            self._discard(connection)
        return self._open()

    def _next_idle(self) -> Connection | None:
        """The connection used last, or None; other threads take from the same end."""
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _give_back(self, connection: Connection) -> None:
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
                connection = Connection(self._clone())
            except adbc_driver_manager.Error as error:
                self._forget_origin()
                msg = "The database cannot be reached."
                raise ServerUnavailable(msg) from connect_failure(error)
        try:
            connection.execute("SET TIME ZONE 'UTC'")
        except DatabaseError as error:
            self._discard(connection)
            msg = "The database accepts no connections."
            raise ServerUnavailable(msg) from error
        return connection

    def _clone(self) -> dbapi.Connection:
        """Clone the first connection: ten times cheaper than connecting, as it shares the type cache."""
        if self._origin is None:
            self._origin = dbapi.connect(self._uri.get_secret_value(), autocommit=True)
        clone = self._origin.adbc_clone()
        clone.adbc_connection.set_autocommit(True)
        return clone

    def _discard(self, connection: Connection) -> None:
        """Close a connection; if PostgreSQL dropped it, it has dropped the idle ones as well."""
        with self._opening:
            if connection.is_lost:
                self._close_idle()
            connection.close()

    def _close_idle(self) -> None:
        while (connection := self._next_idle()) is not None:
            connection.close()

    def _forget_origin(self) -> None:
        if self._origin is not None:
            self._origin.close()
            self._origin = None


def _is_usable(connection: Connection) -> bool:
    if time.monotonic() - connection.last_used < IDLE_BEFORE_PING:
        return True
    try:
        connection.rows("SELECT 1 AS one")
    except DatabaseError:
        return False
    return True
