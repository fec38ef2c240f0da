"""Staging: received rows become relations, one a resource type; many are copied into temporary tables."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from vxdata.sql.names import staging_name
from vxdata.sql.write.granted import EVERYTHING
from vxdata.sql.write.lookup import HASH_JOINS
from vxdata.sql.write.staged import create_staging, staged_rows, staged_table
from vxdata.sql.write.tables import ANALYZED_ROWS, analyze

if TYPE_CHECKING:
    from vxdata.schemas.catalog.registry import Registry
    from vxdata.schemas.payload_type import PayloadType
    from vxdata.server.database.connection import Connection
    from vxdata.server.ingest.lineage import CreatedLineage
    from vxdata.server.ingest.reception import Reception
    from vxdata.sql.write.granted import Granted

FEW: Final = 100
"""Rows of a type that are not copied, but stand in the statements …"""

FEW_BYTES: Final = 64 * 1024
"""… if they are not longer than this."""


class Staging:
    """The rows of an upload in the transaction that writes them.

    Args:
        connection: In the transaction that will write.
        reception: The upload, whose rows are all there and valid.
        registry: The payload types, also those that the sender does not see; their order is that of
            `staged_types`.
        lineage: Records the parents of the rows for a create; None if they are not needed.
        granted: What the sender sees and may write.
        buckets: Buckets that the server opens with its own credentials.

    Attributes:
        counts: Rows received, by type.
        received: Rows received, over all types.
        column_sets: By type, the sets of columns that rows state.
        parents: By type, the types of the parents that rows state.
    """

    def __init__(
        self,
        connection: Connection,
        reception: Reception,
        registry: Registry,
        lineage: CreatedLineage | None = None,
        granted: Granted = EVERYTHING,
        buckets: tuple[str, ...] = (),
    ) -> None:
        """Make the relations."""
        self.lineage = lineage
        self.granted = granted
        self.buckets = buckets
        self.registry = registry
        self.counts = reception.counts
        self.received = reception.received
        self.column_sets = reception.column_sets
        self.parents = reception.parents
        self._connection = connection
        self._spool = reception.spool
        self._copied: set[str] = set()
        self._relations = {
            payload_type.prefix: self._make_relation(payload_type) for payload_type in self.staged_types
        }

    @property
    def staged_types(self) -> tuple[PayloadType, ...]:
        """The types received, in the order of the registry."""
        return tuple(payload_type for payload_type in self.registry if payload_type.prefix in self.counts)

    def relation(self, payload_type: PayloadType) -> str:
        """The rows of a type as statements name them.

        Args:
            payload_type: A type that was received.

        Returns:
            A table or a subquery.
        """
        return self._relations[payload_type.prefix]

    def copied_rows(self, payload_type: PayloadType) -> int | None:
        """How many rows of a type are in its temporary table; None if they stand in the statements."""
        return self.counts[payload_type.prefix] if payload_type.prefix in self._copied else None

    def _make_relation(self, payload_type: PayloadType) -> str:
        prefix = payload_type.prefix
        if self._spool.rows(prefix) > FEW or self._spool.bytes(prefix) > FEW_BYTES:
            self._copy(payload_type)
            return staged_table(payload_type)
        rows = (row for batch in self._spool.batches(prefix) for row in batch.to_pylist())
        return staged_rows(payload_type, map(_stated, rows))

    def _copy(self, payload_type: PayloadType) -> None:
        self._connection.execute(HASH_JOINS, create_staging(payload_type))
        self._copied.add(payload_type.prefix)
        batches = self._spool.batches(payload_type.prefix)
        for schema, alike in groupby(batches, attrgetter("schema")):
            reader = pa.RecordBatchReader.from_batches(schema, alike)
            self._connection.ingest(staging_name(payload_type.prefix), reader)
        if self.counts[payload_type.prefix] >= ANALYZED_ROWS:
            self._connection.execute(analyze(staged_table(payload_type)))


def _stated(row: dict[str, Any]) -> dict[str, Any]:
    """A row without its nulls, which are what is left out."""
    return {name: value for name, value in row.items() if value is not None}
