"""The stream of an answer that DuckDB gives, from the columnar copies."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import pyarrow as pa
import structlog

from vxdata.schemas.errors import ServerUnavailable
from vxdata.server.copies import CopyCancelled, CopyError
from vxdata.server.database.errors import LimitReached, StatementCancelled
from vxdata.server.services.owned_stream import OwnedStream
from vxdata.server.services.result_schema import result_schema_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextlib import ExitStack

    from vxdata.server.copies import CopyConnection
    from vxdata.server.database.clock import ResolvedSnapshot
    from vxdata.sql.query.prepared import PreparedPlan

log = structlog.get_logger(__name__)


class CopyStream(OwnedStream):
    """An iterator over the batches of a plan, which DuckDB runs when the first one is requested.

    If DuckDB fails before its first batch, as on a sum that overflows, PostgreSQL runs the plan instead, as
    of the same instant, and answers it or raises the proper error.

    Args:
        resources: What the stream owns, the connection among it.
        connection: A read transaction of the copies.
        prepared: The prepared plan.
        snapshot: The instant that it reads at, and the state of the types that are read.
        postgresql_stream: Opens the stream of PostgreSQL.
        limit: Seconds that the statement may take, with the time that its rows wait to be read.

    Attributes:
        prepared: The prepared plan.
        snapshot: The instant, and the state of the types that are read.
        schema: The schema of every batch; its metadata names the instant.
    """

    def __init__(
        self,
        resources: ExitStack,
        connection: CopyConnection,
        prepared: PreparedPlan,
        snapshot: ResolvedSnapshot,
        postgresql_stream: Callable[[], OwnedStream],
        limit: float,
    ) -> None:
        """Begin before the first batch."""
        self.prepared = prepared
        self.snapshot = snapshot
        self._layout = result_schema_of(prepared.columns)
        self.schema = self._layout.at(snapshot.instant)
        self._connection = connection
        self._postgresql_stream = postgresql_stream
        self._limit = limit
        self._ends = math.inf
        super().__init__(resources, self._run())

    def explain(self) -> str:
        """Return DuckDB's plan for the statement."""
        return self._connection.explain(self.prepared.statement.sql)

    def is_late(self) -> bool:
        """Return whether the statement has had all of its time."""
        return time.monotonic() >= self._ends

    def _run(self) -> Generator[pa.RecordBatch]:
        with self._resources:
            has_begun, self._ends = False, time.monotonic() + self._limit
            try:
                with self._connection.stream(self.prepared.statement.sql) as batches:
                    for batch in batches:
                        has_begun = True
                        yield self._layout.conform(batch.columns, self.schema)
            except CopyCancelled:
                raise self._cancelled() from None
            except CopyError as error:
                if has_begun:
                    log.warning("copy_broke_off", reason=str(error))
                    msg = "The answer broke off; begin again, as of the same instant for the same rows."
                    raise ServerUnavailable(msg) from None
                log.info("copy_did_not_answer", reason=str(error))
            else:
                return
        yield from self._from_postgresql()

    def _from_postgresql(self) -> Generator[pa.RecordBatch]:
        stream = self._postgresql_stream()
        try:
            for batch in stream:
                yield pa.RecordBatch.from_arrays(batch.columns, schema=self.schema)
        finally:
            stream.close()

    def _cancelled(self) -> StatementCancelled | LimitReached:
        if not self.is_late():
            return StatementCancelled("the caller has gone")
        return LimitReached("the statement had all of its time", "57014", limit=self._limit)
