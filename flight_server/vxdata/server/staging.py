"""Staging: validated batches are copied into temporary tables, one for each resource type."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from vxdata.schemas.uploads import EXPECTED_VERSION
from vxdata.server.nested import relisted
from vxdata.server.validation import validate
from vxdata.server.validation.violations import Violations
from vxdata.sql.ddl import COLUMN_SET, create_staging, map_columns
from vxdata.sql.names import staging_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.schemas.payload_type import PayloadType
    from vxdata.schemas.registry import Registry
    from vxdata.schemas.wire import Verb
    from vxdata.server.database import Connection


class Staging:
    """What an upload has brought so far.

    Once a violation is found nothing more is copied, but the rest is still validated, so that one
    answer names everything that is wrong.

    Args:
        connection: In the transaction that will write.
        registry: The payload types, whose order is that of `staged_types`.
        verb: What the rows are for, which decides the columns that they may and must have.
    """

    def __init__(self, connection: Connection, registry: Registry, verb: Verb) -> None:
        """Begin with nothing."""
        self.registry = registry
        self._connection = connection
        self._verb: Verb = verb
        self._violations = Violations()
        self.counts: dict[str, int] = {}
        self.column_sets: dict[str, list[tuple[str, ...]]] = {}
        """By type, the sets of columns that rows state: a column that is absent is kept, not null."""

    @property
    def received(self) -> int:
        """Rows received, over all types."""
        return sum(self.counts.values())

    @property
    def staged_types(self) -> tuple[PayloadType, ...]:
        """The types received, in the order of the registry."""
        return tuple(payload_type for payload_type in self.registry if payload_type.prefix in self.counts)

    def add(self, payload_type: PayloadType, batch: pa.RecordBatch) -> None:
        """Validate a batch and copy it.

        Args:
            payload_type: Type of the rows.
            batch: The rows; columns are fields of a create.

        Raises:
            InvalidRequest: The batch as a whole is not what it claims to be.
        """
        first_row = self.counts.get(payload_type.prefix, 0)
        validate(payload_type, batch, first_row, self._violations, self._verb)
        if not batch.num_rows:
            return
        if not first_row:
            self._connection.execute(create_staging(payload_type))
        number = self._number_of(payload_type, batch)
        if not self._violations.count:
            self._copy(payload_type, batch, number)
        self.counts[payload_type.prefix] = first_row + batch.num_rows

    def finish(self) -> None:
        """Raise what was wrong.

        Raises:
            ValidationFailed: At least one value breaks a constraint.
        """
        self._violations.raise_if_any()

    def _number_of(self, payload_type: PayloadType, batch: pa.RecordBatch) -> int:
        """The number of the batch's set of columns among those of its type."""
        names = tuple(name for name in batch.schema.names if name not in {"identifier", EXPECTED_VERSION})
        known = self.column_sets.setdefault(payload_type.prefix, [])
        if names not in known:
            known.append(names)
        return known.index(names)

    def _copy(self, payload_type: PayloadType, batch: pa.RecordBatch, number: int) -> None:
        staged = stageable(batch)
        numbers = pa.repeat(pa.scalar(number, pa.int64()), batch.num_rows)
        staged = staged.append_column(COLUMN_SET, numbers)
        reader = pa.RecordBatchReader.from_batches(staged.schema, iter([staged]))
        self._connection.ingest(staging_name(payload_type.prefix), reader)


def stageable(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Split each mapping into a list of keys and a list of values: the driver cannot ingest maps.

    Args:
        batch: Rows as uploaded.

    Returns:
        The same rows under the columns of the staging table, without a copy of the values.
    """
    columns = dict(
        pair
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
        for pair in _staged(name, column)
    )
    return pa.RecordBatch.from_pydict(columns)


def _staged(name: str, column: pa.Array) -> Iterator[tuple[str, pa.Array]]:
    if not pa.types.is_map(column.type):
        yield name, column
        return
    for part, values in zip(map_columns(name), (column.keys, column.items), strict=True):
        yield part, relisted(column, values)
