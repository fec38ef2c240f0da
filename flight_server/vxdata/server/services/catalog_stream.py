"""A running query of a catalog: its batches, read in a snapshot whose release is known."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vxdata.schemas.errors import ServerUnavailable
from vxdata.server.database.connection import READ_ONLY
from vxdata.server.database.errors import Denied, UndefinedObject
from vxdata.server.database.pool import Lane
from vxdata.server.result_cache.cache import PreparedQuery
from vxdata.server.result_cache.key import catalog_key
from vxdata.server.result_cache.monitored import CancellableQuery, StalledQuery
from vxdata.server.result_cache.shared_query import SharedQuery
from vxdata.server.result_cache.store import UNPURGED
from vxdata.server.services.owned_stream import OwnedStream

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    import pyarrow as pa

    from vxdata.server.call import Call
    from vxdata.server.database.connection import Connection
    from vxdata.server.database.monitor import CancellationMonitor
    from vxdata.server.result_cache.cache import ResultCache
    from vxdata.server.result_cache.write_aside import WriteAside
    from vxdata.server.services.loaded_catalog import LoadedCatalog

Run = Callable[["Connection"], "Iterator[pa.RecordBatch]"]
"""Runs statements on a connection in a snapshot, and yields the batches of their result."""


@dataclass(frozen=True)
class CatalogQuery:
    """A question for a catalog.

    Args:
        sql: Text that tells apart all questions whose results differ: the statements.
        columns: Description of the columns of the result.
        run: Runs the statements on a connection in a snapshot, and yields the batches of the result.
    """

    sql: str
    columns: str
    run: Run


class CatalogStream(OwnedStream):
    """An iterator over the batches of a question. It owns a connection until it has ended.

    Args:
        catalog: The catalog.
        query: The question.
        monitor: Cancels the query when all its readers have gone.
        readers: The shared query that will read the batches.
        call: The call that a connection is for; its deadline limits the wait for one.

    Attributes:
        release: The release that the batches show; None if nothing tells it.

    Raises:
        ServerBusy: No connection became free in time.
        RequestTimedOut: No connection became free before the deadline.
        ServerUnavailable: The tables have just changed.
        DatabaseError: PostgreSQL cannot be asked.
    """

    def __init__(
        self,
        catalog: LoadedCatalog,
        query: CatalogQuery,
        monitor: CancellationMonitor,
        readers: SharedQuery,
        call: Call,
    ) -> None:
        """Take a connection, begin a transaction and read the release."""
        with ExitStack() as resources:
            lent = catalog.database.connection(Lane.STREAM, caller=call.caller, deadline=call.deadline)
            self._connection = resources.enter_context(lent)
            attended = CancellableQuery(self._connection, readers)
            resources.enter_context(monitor.watching(attended, readers.is_abandoned))
            resources.enter_context(self._connection.transaction(READ_ONLY))
            with _noticing_changes(catalog):
                self.release = catalog.releases.read(self._connection)
            if self.release != catalog.release:
                catalog.refresh_soon()
            self._catalog, self._query = catalog, query
            super().__init__(resources.pop_all(), self._run())

    def _run(self) -> Generator[pa.RecordBatch]:
        with _noticing_changes(self._catalog), self._resources:
            yield from self._query.run(self._connection)


@contextmanager
def _noticing_changes(catalog: LoadedCatalog) -> Iterator[None]:
    """Have a catalog read anew if a table is gone, or was replaced by one that may not be read yet."""
    try:
        yield
    except (Denied, UndefinedObject) as error:
        catalog.refresh_soon()
        msg = f"The tables of the catalog {catalog.name} have just changed; try again."
        raise ServerUnavailable(msg, catalog=catalog.name) from error


@dataclass(frozen=True)
class CatalogReader:
    """Runs questions, or returns their results from the cache or from a running query.

    Args:
        monitor: Cancels queries whose caller has gone.
        result_cache: Keeps the results of earlier questions.
        stall_limit: Seconds that may pass without a reader asking for a batch.
    """

    monitor: CancellationMonitor
    result_cache: ResultCache
    stall_limit: float

    def read(
        self,
        catalog: LoadedCatalog,
        query: CatalogQuery,
        call: Call,
        write_aside: WriteAside | None = None,
    ) -> tuple[Iterator[pa.RecordBatch], str | None]:
        """Begin to read the result of a question.

        Args:
            catalog: The catalog.
            query: The question.
            call: The call, with its deadline.
            write_aside: Frees the connections of slow readers.

        Returns:
            The batches, and the release that they show.

        Raises:
            ServerBusy: No connection became free in time.
            DatabaseError: PostgreSQL refused a statement.
        """
        readers = SharedQuery(call.is_cancelled, self.stall_limit)
        with ExitStack() as stack:
            stream = CatalogStream(catalog, query, self.monitor, readers, call)
            stack.callback(stream.close)
            if write_aside is not None:
                stalled = StalledQuery(readers, write_aside)
                stream.hold(self.monitor.watching(stalled, stalled.is_due))
            release = stream.release
            if release is None:
                batches = readers.begin(stream, None)
            else:
                key = catalog_key(
                    catalog.name, catalog.place, catalog.digest, release, query.sql, query.columns
                )
                prepared = PreparedQuery(key, UNPURGED, readers, stream)
                batches = self.result_cache.get_or_run(prepared, call.is_cancelled)
            stack.pop_all()  # the reader of the batches ends the stream
        return batches, release

    def explain(self, catalog: LoadedCatalog, sql: str, call: Call) -> str:
        """Return PostgreSQL's plan for a statement.

        Args:
            catalog: The catalog.
            sql: The statement.
            call: The call.

        Raises:
            ServerUnavailable: The tables have just changed.
        """
        lent = catalog.database.connection(Lane.LOOKUP, caller=call.caller, deadline=call.deadline)
        with (
            _noticing_changes(catalog),
            lent as connection,
            self.monitor.watching(connection, call.is_cancelled),
        ):
            return "\n".join(row["QUERY PLAN"] for row in connection.rows(f"EXPLAIN {sql}"))
