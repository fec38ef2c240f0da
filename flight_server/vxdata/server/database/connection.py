"""The database boundary: the only module that imports ADBC.

A `Connection` runs one statement at a time (libpq allows no more: a second cursor would silently end the
first one's stream). Failures of the driver come out as `DatabaseError`, classified by SQLSTATE, never by
message.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import adbc_driver_manager
import pyarrow as pa
from adbc_driver_postgresql import StatementOptions, dbapi

from vxdata.server.database.connect_failures import connect_failure, not_text
from vxdata.server.database.connection_times import with_times
from vxdata.server.database.errors import (
    ConnectionLost,
    DatabaseError,
    LimitReached,
    StatementCancelled,
    classify,
    classify_text,
    first_line,
)
from vxdata.server.database.prepared import PreparedStatements

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import SecretStr

    from vxdata.server.database.statement_limits import StatementLimits

BATCH_BYTES: Final = 4 * 1024 * 1024
"""Wire bytes of a batch: about 3 MB of Arrow, within the 1 to 4 MB that gRPC carries best."""

USE_COPY: Final = StatementOptions.USE_COPY.value
BATCH_SIZE: Final = StatementOptions.BATCH_SIZE_HINT_BYTES.value

READ_ONLY: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
READ_ALL: Final = f"{READ_ONLY}; SET LOCAL statement_timeout TO 0"
READ_WRITE: Final = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL statement_timeout TO 0"


class Connection:
    """One connection, used by one thread at a time.

    Args:
        raw: The driver's connection.
        limits: The limits that its statements have been given.

    Attributes:
        prepared: Queries that are run again and again.
        last_used: When, by the monotonic clock.
        is_broken: Whether it is no use any more.
        is_lost: Whether PostgreSQL has dropped it, and others with it.
    """

    def __init__(self, raw: dbapi.Connection, limits: StatementLimits) -> None:
        """Wrap a connection in autocommit mode."""
        self._raw = raw
        self._cursor = raw.cursor()
        self.last_used = time.monotonic()
        self.is_broken = False
        self.is_lost = False
        self._is_streaming = False
        self._is_cancelled = False
        self._limits = limits
        self._begun = self.last_used
        self.prepared = PreparedStatements(self)

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
    def stream(
        self, sql: str, *, is_small: bool = False, batch_bytes: int = BATCH_BYTES
    ) -> Iterator[Iterator[pa.RecordBatch]]:
        """Run a query and stream its batches through COPY, with flat memory.

        A stream that is left early is cancelled first: otherwise the connection would go on
        receiving the rest of the rows before it could be used again.

        Args:
            sql: One query without bound parameters.
            is_small: Whether its rows are so few that they can come all at once, without COPY.
            batch_bytes: Wire bytes of a batch; fewer bring the first rows sooner.

        Yields:
            The batches; the connection must do nothing else, save `cancel`, until the block ends.

        Raises:
            DatabaseError: PostgreSQL refused it, or the connection broke.
        """
        with self._classified():
            self._run(sql, copies=not is_small, batch_bytes=batch_bytes)
            reader = self._cursor.fetch_record_batch()
        self._is_streaming = not is_small
        try:
            yield self._batches(reader)
        finally:
            self._end_stream(reader)

    def _run(self, sql: str, *, copies: bool, batch_bytes: int = BATCH_BYTES) -> None:
        """Begin a query: through COPY in three round trips, or in one, with all its rows in memory."""
        options = {USE_COPY: str(copies).lower(), BATCH_SIZE: str(batch_bytes)}
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
        if not self._answers():
            return ConnectionLost(message)
        return self._out_of_time(message) or classify_text(message)

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

    def ingest(self, table: str, reader: pa.RecordBatchReader, *, schema: str | None = None) -> int:
        """Append batches to a table by COPY.

        Args:
            table: Name of the table.
            reader: Batches whose types are those of the table's columns.
            schema: Schema that holds the table; without one, it is a temporary table.

        Returns:
            Rows copied.

        Raises:
            DatabaseError: PostgreSQL refused a row, or the connection broke.
        """
        with self._classified():
            where = {"temporary": True} if schema is None else {"db_schema_name": schema}
            return int(self._cursor.adbc_ingest(table, reader, mode="append", **where))

    @contextmanager
    def transaction(self, begin: str) -> Iterator[None]:
        """Run a block in a transaction; roll it back if the block fails.

        Args:
            begin: `READ_ONLY`, `READ_WRITE`, or `READ_ALL`, which is without the limit of queries.
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
        try:
            self._cursor.close()
        finally:
            self._raw.close()

    @contextmanager
    def _classified(self) -> Iterator[None]:
        self._is_cancelled = False  # before it begins: a cancel may come while it does
        self._begun = time.monotonic()
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
            failure = classify(error.sqlstate, dict(error.details or []), "no message")
            if isinstance(failure, StatementCancelled) and not self._is_cancelled:
                return self._out_of_time(str(failure)) or failure
            return failure
        # The driver has one code for all it cannot read or write, so only asking tells a lost connection.
        message = f"the driver failed without an answer from PostgreSQL ({error.status_code.name})"
        if error.status_code == adbc_driver_manager.AdbcStatusCode.IO and not self._answers():
            return ConnectionLost(message)
        return DatabaseError(message)

    def _out_of_time(self, message: str) -> LimitReached | None:
        """Return the failure of a statement that was not cancelled, if it has had all its time."""
        if not self._limits.is_reached_after(time.monotonic() - self._begun):
            return None
        return LimitReached(message, "57014", limit=self._limits.seconds)

    def _answers(self) -> bool:
        """Return whether PostgreSQL responds on this connection, even with an error."""
        try:
            self._cursor.execute("SELECT 1")
        except adbc_driver_manager.Error as error:
            return error.sqlstate is not None and not error.sqlstate.startswith("57P")
        return True


class ConnectionFactory:
    """A connection that others are cloned from: ten times cheaper than connecting, as they share its types.

    Args:
        uri: libpq connection URI.
        limits: The limits of statements; the pool sets them.
    """

    def __init__(self, uri: SecretStr, limits: StatementLimits) -> None:
        """Connect once it is needed."""
        self._uri = uri
        self._limits = limits
        self._first: dbapi.Connection | None = None

    def connect(self) -> Connection:
        """Connect.

        Raises:
            DatabaseError: PostgreSQL cannot be reached, or accepts no more connections.
        """
        uri = with_times(self._uri.get_secret_value())
        try:
            if self._first is None:
                self._first = dbapi.connect(uri, autocommit=True)
            clone = self._first.adbc_clone()
            clone.adbc_connection.set_autocommit(True)
            return Connection(clone, self._limits)
        except adbc_driver_manager.Error as error:
            self.close()
            raise connect_failure(error, uri) from None
        except UnicodeEncodeError:
            raise not_text() from None

    def close(self) -> None:
        """Let go of the first connection; the next clone makes another one."""
        if self._first is not None:
            self._first.close()
            self._first = None
