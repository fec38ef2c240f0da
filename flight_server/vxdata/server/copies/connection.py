"""A connection to the copies: one read transaction, in which nothing moves."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from vxdata.server.copies.applied import read_applied
from vxdata.server.copies.errors import RAISED, FileDamaged, translate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import duckdb

    from vxdata.server.copies.errors import CopyError
    from vxdata.sql.copies.apply import Applied
    from vxdata.sql.query.engines import Abilities

BATCH_ROWS: Final = 32_768
"""Rows of a batch, at most."""

BATCH_BYTES: Final = 16 * 1024**2
"""Bytes of a batch, but for what DuckDB hands over at a time."""

FETCHED_ROWS: Final = 2048
"""Rows that DuckDB hands over at a time, one of its vectors.

It takes no notice of their bytes: 32,768 long texts may need gigabytes, and beyond two of them it fails.
"""


class CopyConnection:
    """One read transaction, used by one thread at a time.

    Args:
        cursor: A cursor of DuckDB that nobody else uses.
        abilities: What may be asked of it.
        on_damage: Told when DuckDB cannot read its file any more.
    """

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        abilities: Abilities,
        on_damage: Callable[[CopyError], None],
    ) -> None:
        """Begin the transaction; its snapshot is taken by the first statement."""
        self._cursor = cursor
        self._on_damage = on_damage
        self.abilities = abilities
        with self._watched():
            cursor.execute("BEGIN TRANSACTION READ ONLY")

    def applied(self, types: Sequence[str]) -> dict[str, Applied]:
        """Read up to which commit the copies of some types were brought.

        Args:
            types: Resource types; `commit` stands for the commit log.

        Returns:
            By type, what its copy has applied; a type without a copy is missing.

        Raises:
            CopyError: DuckDB failed.
        """
        with self._watched():
            found = read_applied(self._cursor)
        return {name: found[name] for name in types if name in found}

    @contextmanager
    def stream(self, sql: str) -> Iterator[Iterator[pa.RecordBatch]]:
        """Run a query and stream its batches, with flat memory.

        Args:
            sql: One query, in the dialect of DuckDB.

        Yields:
            The batches; the connection must do nothing else, save `cancel`, until the block ends.

        Raises:
            CopyError: DuckDB failed; also while batches are read.
            CopyCancelled: The statement was cancelled.
        """
        with self._watched():
            reader = self._cursor.execute(sql).to_arrow_reader(FETCHED_ROWS)
        try:
            yield self._batches(reader)
        finally:
            reader.close()

    def explain(self, sql: str) -> str:
        """Return DuckDB's plan of a query, as it draws it."""
        with self._watched():
            rows = self._cursor.execute(f"EXPLAIN {sql}").fetchall()
        return "\n".join(str(text) for _, text in rows)

    def cancel(self) -> None:
        """Stop the statement that runs; callable from any thread."""
        self._cursor.interrupt()

    def close(self) -> None:
        """End the transaction."""
        self._cursor.close()

    def _batches(self, reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        """Join what DuckDB hands over to batches that are worth a message; the first one comes at once."""
        fetched: list[pa.RecordBatch] = []
        rows, size, most = 0, 0, FETCHED_ROWS
        while True:
            with self._watched():
                batch = next(reader, None)
            if batch is not None:
                fetched.append(batch)
                rows, size = rows + batch.num_rows, size + batch.nbytes
            if fetched and (batch is None or rows >= most or size >= BATCH_BYTES):
                yield pa.concat_batches(fetched)
                fetched, rows, size, most = [], 0, 0, BATCH_ROWS
            if batch is None:
                return

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except RAISED as error:
            failure = translate(error)
            if isinstance(failure, FileDamaged):
                self._on_damage(failure)
            raise failure from None
