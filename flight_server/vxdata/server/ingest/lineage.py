"""Lineage: what a create computes of its rows, kept for a caller who would read it next."""

from __future__ import annotations

from typing import Final, Self

import pyarrow as pa

from vxdata.schemas.wire import LINEAGE_SCHEMA

MAX_ROWS: Final = 100_000
"""Rows of a create whose lineage is kept until its commit: some 20 MB. That of more is read in parts."""


class CreatedLineage:
    """Collects the lineage of one create."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._tables: list[pa.Table] = []

    def begin(self, rows: int) -> Self | None:
        """Begin anew: whatever an earlier attempt has computed was undone.

        Args:
            rows: How many there will be.

        Returns:
            Itself; None where there will be more than are kept.
        """
        self._tables = []
        return self if rows <= MAX_ROWS else None

    def add(self, rows: pa.Table) -> None:
        """Keep the lineage of rows that were inserted.

        Args:
            rows: The columns of `LINEAGE_SCHEMA`, as the driver has made them.
        """
        self._tables.append(pa.Table.from_arrays(rows.columns, schema=LINEAGE_SCHEMA))

    def to_buffer(self) -> pa.Buffer | None:
        """Write what was kept as an Arrow IPC stream; None where that is nothing."""
        if not self._tables:
            return None
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, LINEAGE_SCHEMA) as writer:
            for table in self._tables:
                writer.write_table(table)
        return sink.getvalue()
