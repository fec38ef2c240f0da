"""Coalescing: small batches of an upload become larger ones, before anything is done with their rows.

To check and to copy a batch takes about as long for one row as for a thousand. So batches of one type and
one schema are put together until they are worth that, in bounded memory. Each run of rows knows from which
batches it was made, so that messages name the rows as they were sent.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.schemas.payload_type import PayloadType

SMALL_ROWS: Final = 1_000
"""Rows from which on a batch is taken as it is."""

MAX_ROWS: Final = 4_096
"""Rows of a run that is put together, at most, before the last batch is added."""

MAX_BYTES: Final = 4 * 1024 * 1024
"""Bytes of such a run, likewise."""

MERGED_AT_ONCE: Final = 16
"""Batches that are kept as they came; then they are copied, which frees the messages that they came in."""

MAX_RUNS: Final = 64
"""Runs that are put together at a time; when there are more schemas, the oldest run is taken as it is."""


@dataclass(frozen=True)
class Origin:
    """Where the rows of a batch lie in a run, and where they lay in the upload.

    Args:
        offset: Place of the first of them in the run.
        first_row: Its number among the rows of its type.
        order: Number of the batch in the upload.
    """

    offset: int
    first_row: int
    order: int


@dataclass(frozen=True)
class Run:
    """Rows of one type and one schema.

    Args:
        payload_type: The type.
        rows: The rows.
        origins: Where they came from, by ascending offset.
    """

    payload_type: PayloadType
    rows: pa.RecordBatch
    origins: tuple[Origin, ...]

    def origin_of(self, index: int) -> tuple[int, int]:
        """Tell where a row came from.

        Args:
            index: Its place in the run.

        Returns:
            The number of its batch in the upload, and its own number among the rows of its type.
        """
        origin = self.origins[bisect_right(self.origins, index, key=lambda each: each.offset) - 1]
        return origin.order, origin.first_row + index - origin.offset


@dataclass(eq=False)
class _Growing:
    """A run that is being put together."""

    payload_type: PayloadType
    schema: pa.Schema
    batches: list[pa.RecordBatch] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)
    rows: int = 0
    size: int = 0

    def add(self, batch: pa.RecordBatch, first_row: int, order: int) -> None:
        self.origins.append(Origin(self.rows, first_row, order))
        self.rows += batch.num_rows
        self.size += batch.nbytes
        self.batches.append(batch)
        if len(self.batches) > MERGED_AT_ONCE:
            self.batches = [pa.concat_batches(self.batches)]

    @property
    def is_full(self) -> bool:
        return self.rows >= MAX_ROWS or self.size >= MAX_BYTES

    def run(self) -> Run:
        return Run(self.payload_type, pa.concat_batches(self.batches), tuple(self.origins))


def is_small(batch: pa.RecordBatch) -> bool:
    """Whether a batch waits for others."""
    return int(batch.num_rows) < SMALL_ROWS


class Coalescer:
    """Puts the small batches of an upload together."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._growing: list[_Growing] = []
        self._batches = 0

    def add(self, payload_type: PayloadType, batch: pa.RecordBatch, first_row: int) -> Iterator[Run]:
        """Take up a batch whose memory is safe to read.

        Args:
            payload_type: Type of its rows.
            batch: The rows; none tell of a schema that still has to be checked.
            first_row: Number of the first among the rows of the type.

        Yields:
            Runs that are long enough.
        """
        order, self._batches = self._batches, self._batches + 1
        if not is_small(batch):
            yield Run(payload_type, batch, (Origin(0, first_row, order),))
            return
        growing = self._find(payload_type, batch.schema)
        if batch.num_rows or not growing.origins:
            growing.add(batch, first_row, order)
        if growing.is_full or len(self._growing) > MAX_RUNS:
            full = growing if growing.is_full else self._growing[0]
            self._growing.remove(full)
            yield full.run()

    def rest(self) -> Iterator[Run]:
        """Yield what was not long enough, in the order in which it began to arrive."""
        growing, self._growing = self._growing, []
        yield from (each.run() for each in growing)

    def _find(self, payload_type: PayloadType, schema: pa.Schema) -> _Growing:
        for growing in reversed(self._growing):
            if growing.payload_type is payload_type and growing.schema.equals(schema, check_metadata=True):
                return growing
        self._growing.append(_Growing(payload_type, schema))
        return self._growing[-1]
