"""Parallel scans: a large result is read over several connections in one snapshot.

One connection keeps one core busy in PostgreSQL, and one in the server, which turns rows into columns. Scans
of whole relations take longest, so they are divided into parts (`sql/query/scan.py`), and the batches of all
parts are returned as they arrive.
"""

from __future__ import annotations

from collections import deque
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog

from vxdata.schemas.errors import ServiceProblem
from vxdata.server.database.connection import READ_ONLY
from vxdata.server.database.errors import DatabaseError
from vxdata.server.database.interleave import Interleaved
from vxdata.server.database.semaphore import FairSemaphore
from vxdata.sql.query import scan

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from vxdata.server.database.connection import Connection
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.sql.query.prepared import PreparedPlan

MIN_PAGES: Final = 4096
"""Pages from which a scan is divided: 32 MiB."""

PARTS_EACH: Final = 4
"""Parts for each connection. Rows are spread unevenly; a connection that is done takes the next part."""

log = structlog.get_logger(__name__)


class ScanConnections:
    """The connections of one scan: one at first, to which a parallel scan adds others.

    Args:
        connection: The first one, in a transaction whose snapshot all others import.
    """

    def __init__(self, connection: Connection) -> None:
        """Begin with one."""
        self.connections = [connection]

    def cancel(self) -> None:
        """Cancel the statements of all connections, even if one of them cannot be reached."""
        for connection in self.connections:
            try:
                connection.cancel()
            except DatabaseError as error:
                connection.is_broken = True
                log.warning("cancel_failed", error=str(error))


class ParallelScan:
    """Streams results, large ones over several connections.

    Args:
        database: Pool of connections.
        most: Connections of one scan, at most. All scans together have at most ``most - 1`` beside their
            first ones.
    """

    def __init__(self, database: ConnectionPool, most: int) -> None:
        """Begin with all further connections free."""
        self._database = database
        self._most = most
        self._spare = FairSemaphore(most - 1)

    @contextmanager
    def stream(self, scanning: ScanConnections, prepared: PreparedPlan) -> Iterator[Iterator[pa.RecordBatch]]:
        """Run a query and stream its batches, in no particular order if the plan asks for none.

        Args:
            scanning: The connections of the scan.
            prepared: The prepared plan.

        Yields:
            The batches.

        Raises:
            DatabaseError: PostgreSQL refused the query, or a connection broke.
        """
        first = scanning.connections[0]
        pages = self._pages(first, prepared)
        with ExitStack() as stack:
            others = self._others(stack) if pages else []
            if prepared.scan is None or not others:
                sql = prepared.statement.sql
                yield stack.enter_context(first.stream(sql, is_small=prepared.is_small))
                return
            scanning.connections.extend(others)
            first.execute(scan.keep_in_place(list(pages)))
            snapshot = first.rows(scan.EXPORT_SNAPSHOT)[0]["snapshot"]
            waiting = deque(prepared.scan.parts(pages, PARTS_EACH * len(scanning.connections)))
            sources = [partial(_batches, first, waiting)]
            sources += [partial(_batches_of_other, other, snapshot, waiting) for other in others]
            merge = Interleaved(sources, scanning.cancel)
            stack.callback(merge.close)
            yield merge

    def divided(self, scanning: ScanConnections, prepared: PreparedPlan) -> list[str]:
        """Return the parts of a query as they would be with all further connections free.

        Args:
            scanning: The connections of the scan.
            prepared: The prepared plan.

        Returns:
            The statement of each part; empty if the query would not be divided.
        """
        pages = self._pages(scanning.connections[0], prepared)
        return prepared.scan.parts(pages, PARTS_EACH * self._most) if prepared.scan and pages else []

    def _pages(self, connection: Connection, prepared: PreparedPlan) -> dict[str, int]:
        """Return the pages of each table of the plan; empty if the scan cannot be divided or is too small."""
        if self._most == 1 or prepared.scan is None:
            return {}
        rows = connection.rows(scan.count_pages(prepared.scan.tables))
        pages = {row["name"]: row["pages"] for row in rows}
        return pages if sum(pages.values()) >= MIN_PAGES else {}

    def _others(self, stack: ExitStack) -> list[Connection]:
        """Return as many further connections as are free now, without a wait."""
        others: list[Connection] = []
        while len(others) < self._most - 1 and stack.enter_context(self._spare.acquire(0)):
            try:
                others.append(stack.enter_context(self._database.connection(wait=0)))
            except ServiceProblem as problem:
                log.info("read_not_divided_further", connections=1 + len(others), reason=problem.message)
                break
        return others


def _batches_of_other(connection: Connection, snapshot: str, waiting: deque[str]) -> Iterator[pa.RecordBatch]:
    with connection.transaction(READ_ONLY):
        connection.execute(scan.import_snapshot(snapshot))
        yield from _batches(connection, waiting)


def _batches(connection: Connection, waiting: deque[str]) -> Iterator[pa.RecordBatch]:
    """Yield the batches of one part after another, until no part is left."""
    while waiting:
        try:
            statement = waiting.popleft()
        except IndexError:  # another connection took the last one
            return
        with connection.stream(statement) as batches:
            yield from batches
