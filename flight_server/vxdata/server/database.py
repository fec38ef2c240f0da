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
from vxdata.server.database_errors import ConnectionLost, DatabaseError, classify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import SecretStr

BATCH_BYTES: Final = 4 * 1024 * 1024
"""Wire bytes of a batch: about 3 MB of Arrow, within the 1 to 4 MB that gRPC carries best."""

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
        self._is_streaming = False

    def execute(self, sql: str) -> int:
        """Run a statement that returns no rows.

        Args:
            sql: One statement.

        Returns:
            Rows affected, -1 where PostgreSQL does not count.

        Raises:
            DatabaseError: PostgreSQL refused it, or the connection broke.
        """
        with self._classified():
            self._cursor.execute(sql)
            return int(self._cursor.rowcount)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Run a small query and return its rows.

        Args:
            sql: One query; its result is held in memory, so it must be small.

        Returns:
            A dictionary a row.

        Raises:
            DatabaseError: PostgreSQL refused it, or the connection broke.
        """
        with self._classified():
            # Without COPY a small query takes half the round trips.
            self._cursor.adbc_statement.set_options(**{StatementOptions.USE_COPY.value: "false"})
            try:
                self._cursor.execute(sql)
                table: pa.Table = self._cursor.fetch_arrow_table()
                return list(table.to_pylist())
            finally:
                self._cursor.adbc_statement.set_options(**{StatementOptions.USE_COPY.value: "true"})

    @contextmanager
    def stream(self, sql: str) -> Iterator[Iterator[pa.RecordBatch]]:
        """Run a query and stream its batches through COPY, with flat memory.

        A stream that is left early is cancelled first: otherwise the connection would go on
        receiving the rest of the rows before it could be used again.

        Args:
            sql: One query without bound parameters.

        Yields:
            The batches; the connection must do nothing else, save `cancel`, until the block ends.

        Raises:
            DatabaseError: PostgreSQL refused it, or the connection broke.
        """
        with self._classified():
            self._cursor.adbc_statement.set_options(
                **{StatementOptions.BATCH_SIZE_HINT_BYTES.value: str(BATCH_BYTES)}
            )
            self._cursor.execute(sql)
            reader = self._cursor.fetch_record_batch()
        self._is_streaming = True
        try:
            yield self._batches(reader)
        finally:
            if self._is_streaming:
                self.cancel()
            reader.close()

    def _batches(self, reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        """Read to the end; a stream that breaks off says nothing of the cause, so distrust the connection."""
        try:
            yield from reader
            self._is_streaming = False
        except (pa.ArrowException, OSError) as error:
            self._is_streaming = False
            self.is_broken = True
            raise DatabaseError(str(error)) from error
        finally:
            self.last_used = time.monotonic()

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
            raise
        self.execute("RELEASE SAVEPOINT attempt")

    def rollback(self) -> None:
        """End the transaction without effect; a connection that cannot is marked broken."""
        try:
            self.execute("ROLLBACK")
        except DatabaseError:
            self.is_broken = True

    def cancel(self) -> None:
        """Ask PostgreSQL to stop the statement that runs on this connection; callable from any thread."""
        self._cursor.adbc_cancel()

    def close(self) -> None:
        """Close the cursor before the connection: the driver refuses the other order."""
        self._cursor.close()
        self._raw.close()

    @contextmanager
    def _classified(self) -> Iterator[None]:
        try:
            yield
        except adbc_driver_manager.Error as error:
            failure = classify(error.sqlstate, dict(error.details or []), str(error))
            self.is_broken |= isinstance(failure, ConnectionLost)
            raise failure from error
        finally:
            self.last_used = time.monotonic()


class Database:
    """A bounded pool of connections to one database, first come, first served.

    Args:
        uri: libpq connection URI.
        size: Most connections at a time.
        wait: Seconds that a caller waits for a free connection.

    Raises:
        ServerUnavailable: PostgreSQL cannot be reached.
    """

    def __init__(self, uri: SecretStr, *, size: int = 16, wait: float = 60.0) -> None:
        """Open the first connection, of which all others are clones."""
        self._wait = wait
        self._free = threading.Semaphore(size)
        self._idle: deque[Connection] = deque()
        # The driver does not allow two threads to open or close connections of one handle (adbc#4753).
        self._opening = threading.Lock()
        self._uri = uri
        self._origin: dbapi.Connection | None = None
        with self.connection():
            pass

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Lend a connection for the length of a block.

        Yields:
            A connection outside any transaction.

        Raises:
            ServerBusy: None became free in time.
            ServerUnavailable: PostgreSQL cannot be reached.
        """
        if not self._free.acquire(timeout=self._wait):
            msg = f"No database connection became free within {self._wait:g} seconds; try again later."
            raise ServerBusy(msg, wait_seconds=self._wait)
        try:
            connection = self._take()
            try:
                yield connection
            finally:
                self._give_back(connection)
        finally:
            self._free.release()

    def close(self) -> None:
        """Close all idle connections; those lent out are closed when they come back."""
        with self._opening:
            while self._idle:
                self._idle.pop().close()
            if self._origin is not None:
                self._origin.close()
                self._origin = None

    def _take(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if _is_usable(connection):
                return connection
            self._discard(connection)
        return self._open()

    def _give_back(self, connection: Connection) -> None:
        if connection.is_broken:
            self._discard(connection)
        else:
            self._idle.append(connection)

    def _open(self) -> Connection:
        with self._opening:
            try:
                connection = Connection(self._clone())
                connection.execute("SET TIME ZONE 'UTC'")
            except (adbc_driver_manager.Error, DatabaseError) as error:
                self._origin = None
                msg = "The database cannot be reached."
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
        with self._opening:
            connection.close()


def _is_usable(connection: Connection) -> bool:
    if time.monotonic() - connection.last_used < IDLE_BEFORE_PING:
        return True
    try:
        connection.rows("SELECT 1 AS one")
    except DatabaseError:
        return False
    return True
