"""Staging: validated rows become relations, one a resource type; many are copied into temporary tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from vxdata.schemas.wire.uploads import EXPECTED_VERSION
from vxdata.server.ingest.nested import with_values
from vxdata.server.ingest.validation import validate
from vxdata.server.ingest.validation.violations import Violations
from vxdata.sql.names import staging_name
from vxdata.sql.schema.ddl import map_columns
from vxdata.sql.write.staged import COLUMN_SET, create_staging, staged_rows, staged_table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from vxdata.schemas.catalog.registry import Registry
    from vxdata.schemas.payload_type import PayloadType
    from vxdata.schemas.wire import Verb
    from vxdata.server.database.connection import Connection
    from vxdata.server.ingest.lineage import CreatedLineage

FEW: Final = 100
"""Rows of a type that are not copied, but stand in the statements …"""

FEW_BYTES: Final = 64 * 1024
"""… if they are not longer than this."""


class Staging:
    """The rows of an upload so far.

    Once a violation is found nothing more is copied, but the rest is still validated, so that one
    answer names everything that is wrong.

    Args:
        connection: In the transaction that will write.
        registry: The payload types, whose order is that of `staged_types`.
        verb: What the rows are for, which decides the columns that they may and must have.
        lineage: Records the parents of the rows for a create; None if they are not needed.
    """

    def __init__(
        self, connection: Connection, registry: Registry, verb: Verb, lineage: CreatedLineage | None = None
    ) -> None:
        """Begin with nothing."""
        self.registry = registry
        self.lineage = lineage
        self._connection = connection
        self._verb: Verb = verb
        self._violations = Violations()
        self.counts: dict[str, int] = {}
        self.column_sets: dict[str, list[tuple[str, ...]]] = {}
        """By type, the sets of columns that rows state: a column that is absent is kept, not null."""
        self.parents: dict[str, set[str]] = {}
        """By type, the types of the parents that rows state."""
        self._held: dict[str, list[pa.RecordBatch]] = {}
        self._copied: set[str] = set()
        self._relations: dict[str, str] = {}

    @property
    def received(self) -> int:
        """Rows received, over all types."""
        return sum(self.counts.values())

    @property
    def staged_types(self) -> tuple[PayloadType, ...]:
        """The types received, in the order of the registry."""
        return tuple(payload_type for payload_type in self.registry if payload_type.prefix in self.counts)

    def relation(self, payload_type: PayloadType) -> str:
        """The rows of a type as statements name them.

        Args:
            payload_type: A type that was received; all rows are there.

        Returns:
            A table or a subquery.
        """
        return self._relations[payload_type.prefix]

    def copied_rows(self, payload_type: PayloadType) -> int | None:
        """How many rows of a type are in its temporary table; None if they stand in the statements."""
        return self.counts[payload_type.prefix] if payload_type.prefix in self._copied else None

    def add(self, payload_type: PayloadType, batch: pa.RecordBatch) -> None:
        """Validate a batch and take it up.

        Args:
            payload_type: Type of the rows.
            batch: The rows; columns are fields of a create.

        Raises:
            InvalidRequest: The batch as a whole is not what it claims to be.
        """
        first_row = self.counts.get(payload_type.prefix, 0)
        validate(self.registry, payload_type, batch, first_row, self._violations, self._verb)
        if not batch.num_rows:
            return
        number = self._number_of(payload_type, batch)
        if not self._violations.count:
            self._stage(payload_type, batch, number)
        self.counts[payload_type.prefix] = first_row + batch.num_rows

    def finish(self) -> None:
        """Raise what was wrong, or make the relations, as all rows are there.

        Raises:
            ValidationFailed: At least one value breaks a constraint.
        """
        self._violations.raise_if_any()
        for payload_type in self.staged_types:
            self._relations[payload_type.prefix] = self._relation(payload_type)

    def _relation(self, payload_type: PayloadType) -> str:
        if payload_type.prefix in self._copied:
            return staged_table(payload_type)
        rows = (row for batch in self._held[payload_type.prefix] for row in batch.to_pylist())
        return staged_rows(payload_type, map(_stated, rows))

    def _number_of(self, payload_type: PayloadType, batch: pa.RecordBatch) -> int:
        """The number of the batch's set of columns among those of its type."""
        names = tuple(name for name in batch.schema.names if name not in {"identifier", EXPECTED_VERSION})
        known = self.column_sets.setdefault(payload_type.prefix, [])
        if names not in known:
            known.append(names)
        return known.index(names)

    def _stage(self, payload_type: PayloadType, batch: pa.RecordBatch, number: int) -> None:
        if "parent_identifier" in batch.schema.names:
            parents = self.parents.setdefault(payload_type.prefix, set())
            parents |= prefixes(batch.column("parent_identifier"))
        numbers = pa.repeat(pa.scalar(number, pa.int64()), batch.num_rows)
        held = self._held.setdefault(payload_type.prefix, [])
        held.append(staging_batch(batch).append_column(COLUMN_SET, numbers))
        if payload_type.prefix in self._copied or not _are_few(held):
            self._copy(payload_type, held)
            held.clear()

    def _copy(self, payload_type: PayloadType, batches: Iterable[pa.RecordBatch]) -> None:
        if payload_type.prefix not in self._copied:
            self._connection.execute(create_staging(payload_type))
            self._copied.add(payload_type.prefix)
        for batch in batches:
            reader = pa.RecordBatchReader.from_batches(batch.schema, iter([batch]))
            self._connection.ingest(staging_name(payload_type.prefix), reader)


def _are_few(batches: Collection[pa.RecordBatch]) -> bool:
    rows = sum(batch.num_rows for batch in batches)
    return rows <= FEW and sum(int(batch.nbytes) for batch in batches) <= FEW_BYTES


def _stated(row: dict[str, Any]) -> dict[str, Any]:
    """A row without its nulls, which are what is left out."""
    return {name: value for name, value in row.items() if value is not None}


def prefixes(identifiers: pa.Array) -> set[str]:
    """The types that full identifiers name; null ones name none.

    Args:
        identifiers: Text, each with a prefix.

    Returns:
        The prefixes.

    Example:
        >>> sorted(prefixes(pa.array(["patient/a", None, "volume/b", "patient/c"])))
        ['patient', 'volume']
    """
    found = set()
    left = identifiers.drop_null()
    while len(left):
        prefix = left[0].as_py().partition("/")[0]
        found.add(prefix)
        left = left.filter(pc.invert(pc.starts_with(left, f"{prefix}/")))
    return found


def staging_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
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
        yield part, with_values(column, values)
