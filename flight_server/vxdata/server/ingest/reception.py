"""Reception: what arrives is validated and spooled, before a connection is taken for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from vxdata.schemas.wire.uploads import EXPECTED_VERSION
from vxdata.server.ingest.coalescing import Coalescer, is_small
from vxdata.server.ingest.nested import with_values
from vxdata.server.ingest.validation import check_memory, validate
from vxdata.server.ingest.validation.violations import Violations
from vxdata.sql.schema.ddl import map_columns
from vxdata.sql.write.staged import COLUMN_SET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.schemas.catalog.registry import Registry
    from vxdata.schemas.payload_type import PayloadType
    from vxdata.schemas.wire import Verb
    from vxdata.server.ingest.coalescing import Run
    from vxdata.server.ingest.spool import Spool

MAX_NAMED: Final = 100
"""Resources whose identifiers are kept for the audit."""


class Reception:
    """The rows of an upload so far.

    Once a violation is found nothing more is spooled, but the rest is still validated, so that one answer
    names everything that is wrong.

    Args:
        registry: The payload types.
        verb: What the rows are for, which decides the columns that they may and must have.
        spool: Takes the valid rows, under the columns of the staging table.

    Attributes:
        counts: Rows received, by type.
        column_sets: By type, the numbers of the sets of columns that rows state: what is absent is kept.
        parents: By type, the types of the parents that rows state.
        named: The first of the resources that rows are of.
    """

    def __init__(self, registry: Registry, verb: Verb, spool: Spool) -> None:
        """Begin with nothing."""
        self.registry = registry
        self.spool = spool
        self.counts: dict[str, int] = {}
        self.column_sets: dict[str, dict[tuple[str, ...], int]] = {}
        self.parents: dict[str, set[str]] = {}
        self.named: list[str] = []
        self._verb: Verb = verb
        self._coalescer = Coalescer()
        self._violations = Violations()

    @property
    def received(self) -> int:
        """Rows received, over all types."""
        return sum(self.counts.values())

    def add(self, payload_type: PayloadType, batch: pa.RecordBatch) -> None:
        """Take a batch up: validate it, at once or together with others that are as small.

        Args:
            payload_type: Type of the rows.
            batch: The rows; columns are fields of a create.

        Raises:
            InvalidRequest: A batch as a whole is not what it claims to be: this one, or an earlier one.
            LimitExceeded: The upload needs more space than one upload may.
            ServerBusy: There is no space for it at the moment.
        """
        if is_small(batch):
            check_memory(batch)  # before it is put together with others; that of a large one comes later
        first_row = self.counts.get(payload_type.prefix, 0)
        if batch.num_rows:
            self.counts[payload_type.prefix] = first_row + batch.num_rows
        for run in self._coalescer.add(payload_type, batch, first_row):
            self._take(run)

    def flush(self) -> None:
        """Validate the batches that still wait for others: there are no more.

        Raises:
            InvalidRequest: A batch as a whole is not what it claims to be.
            LimitExceeded: The upload needs more space than one upload may.
            ServerBusy: There is no space for it at the moment.
        """
        for run in self._coalescer.rest():
            self._take(run)

    def finish(self) -> None:
        """Raise what was wrong, as all rows are there.

        Raises:
            InvalidRequest: A batch as a whole is not what it claims to be.
            ValidationFailed: At least one value breaks a constraint.
        """
        self.flush()
        self._violations.raise_if_any()

    def _take(self, run: Run) -> None:
        violations = Violations()
        validate(self.registry, run.payload_type, run.rows, 0, violations, self._verb)
        self._violations.take_over(violations, run.origin_of)
        if not run.rows.num_rows:
            return
        number = self._number_of(run.payload_type, run.rows)
        if not self._violations.count:
            self._spool(run.payload_type, run.rows, number)

    def _number_of(self, payload_type: PayloadType, batch: pa.RecordBatch) -> int:
        """The number of the batch's set of columns among those of its type."""
        names = tuple(name for name in batch.schema.names if name not in {"identifier", EXPECTED_VERSION})
        known = self.column_sets.setdefault(payload_type.prefix, {})
        return known.setdefault(names, len(known))

    def _spool(self, payload_type: PayloadType, batch: pa.RecordBatch, number: int) -> None:
        self.named += batch.column("identifier").slice(0, MAX_NAMED - len(self.named)).to_pylist()
        if "parent_identifier" in batch.schema.names:
            parents = self.parents.setdefault(payload_type.prefix, set())
            parents |= prefixes(batch.column("parent_identifier"))
        numbers = pa.repeat(pa.scalar(number, pa.int64()), batch.num_rows)
        self.spool.append(payload_type.prefix, staging_batch(batch).append_column(COLUMN_SET, numbers))


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
