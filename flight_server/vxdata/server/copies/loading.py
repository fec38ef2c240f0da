"""Loading: batches of PostgreSQL on their way into DuckDB."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import pyarrow as pa

from vxdata.server.copies.errors import RAISED, translate
from vxdata.sql.copies.apply import INCOMING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import duckdb


class _Passing:
    """Counts batches that pass, and remembers what fails before them: DuckDB tells of that as text alone."""

    def __init__(self, batches: Iterator[pa.RecordBatch], check: Callable[[], None]) -> None:
        self._batches = batches
        self._check = check
        self.rows = 0
        self.failure: Exception | None = None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        try:
            for batch in self._batches:
                self._check()
                self.rows += batch.num_rows
                yield batch
        except Exception as error:
            self.failure = error
            raise


def load(
    cursor: duckdb.DuckDBPyConnection,
    batches: Iterator[pa.RecordBatch],
    statement: str,
    check: Callable[[], None],
) -> int:
    """Run a statement of DuckDB that reads batches under the name `INCOMING`.

    Args:
        cursor: Where it runs.
        batches: The rows; they are read in another thread.
        statement: The statement; it is not run if there is no batch.
        check: Called before each batch; what it raises ends the statement.

    Returns:
        Rows that were read.

    Raises:
        CopyError: DuckDB failed.
    """
    first = next(batches, None)
    if first is None:
        return 0
    passing = _Passing(chain([first], batches), check)
    reader = pa.RecordBatchReader.from_batches(first.schema, iter(passing))
    try:
        cursor.register(INCOMING, reader)
        try:
            cursor.execute(statement)
        finally:
            cursor.unregister(INCOMING)
    except RAISED as error:
        if passing.failure is not None:
            raise passing.failure from None
        raise translate(error) from None
    return passing.rows
