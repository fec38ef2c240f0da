"""Rows as JSON: the bytes that PostgreSQL has written, as they lie in the batches that come from it.

Such a result is a column of text: a row for each object, a comma before it, and last of all a row with the
number of all objects there are. No row of it becomes a value of Python.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from vxdata.sql.cohorts import FEW, portions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.server.database.connection import Connection
    from vxdata.server.trail import Trail
    from vxdata.sql.cohorts import JsonPage

BATCH_BYTES: Final = 256 * 1024
"""Wire bytes of a batch: the first one is on its way to the client while PostgreSQL writes the second."""

SCHEMA: Final = pa.schema([pa.field("record", pa.string())])
COMMA: Final = ord(",")


Portion = Callable[[Sequence[Any]], str]
"""Writes the statement that returns a part of a page, given the keys of its entities."""


def page_batches(
    connection: Connection, page: JsonPage, limit: int | None, offset: int, portion: Portion | None = None
) -> Iterator[pa.RecordBatch]:
    """Run the statements of a page.

    Args:
        connection: A connection in a transaction with one snapshot.
        page: The statements.
        limit: Most objects of the page.
        offset: Objects that it leaves out first.
        portion: Writes the statement of a part of the page, if it can be read in parts.

    Yields:
        The objects, and then their number in all.

    Raises:
        DatabaseError: PostgreSQL refused a statement.
    """
    total: int | None = None
    rows = 0
    for batch in _rows(connection, page, limit, portion) if limit != 0 else ():
        if not batch.num_rows:
            continue
        if page.is_counted:
            total = batch.column(1)[0].as_py()
        rows += batch.num_rows
        yield pa.RecordBatch.from_arrays([batch.column(0)], schema=SCHEMA)
    if total is None:
        is_last = (limit is None or rows < limit) and (rows > 0 or offset == 0)
        total = offset + rows if is_last else _count(connection, page)
    yield pa.RecordBatch.from_arrays([pa.array([str(total)])], schema=SCHEMA)


def _rows(
    connection: Connection, page: JsonPage, limit: int | None, portion: Portion | None
) -> Iterator[pa.RecordBatch]:
    if page.keys_sql is None or portion is None:
        is_small = limit is not None and limit <= FEW
        with connection.stream(page.rows_sql, is_small=is_small, batch_bytes=BATCH_BYTES) as batches:
            yield from batches
        return
    for statement in portion_statements(connection, page.keys_sql, portion):
        with connection.stream(statement, batch_bytes=BATCH_BYTES) as batches:
            yield from batches


def portion_statements(connection: Connection, keys_sql: str, portion: Portion) -> Iterator[str]:
    """Read the keys of a page, and yield the statement of each part of it.

    Args:
        connection: A connection in a transaction with one snapshot.
        keys_sql: The statement that returns the keys, in order.
        portion: Writes the statement of a part.
    """
    keys = connection.table(keys_sql).column(0)
    for part in portions(keys):
        yield portion(part.to_pylist())  # type: ignore[attr-defined]


def _count(connection: Connection, page: JsonPage) -> int:
    (counted,) = connection.rows(page.count_sql)
    (total,) = counted.values()
    return int(total)


class JsonRows:
    """The objects of a page on their way, and their number in all.

    Args:
        batches: As `page_batches` yields them.
        query_sql: The statement that was run, with its values as parameters.
        trail: Counts the objects.

    Attributes:
        total: The number of all objects, once the last of the page has been read.
    """

    def __init__(self, batches: Iterator[pa.RecordBatch], query_sql: str, trail: Trail) -> None:
        """Begin before the first."""
        self._trail = trail
        self._batches = batches
        self.query_sql = query_sql
        self.total = 0

    def close(self) -> None:
        """End the query, unless others read it too."""
        if isinstance(self._batches, Generator):
            self._batches.close()

    def chunks(self) -> Iterator[memoryview]:
        """Yield the bytes of the objects, a comma between any two."""
        is_first = True
        for batch in self._batches:
            content = text_bytes(batch.column(0))
            if content and content[0] == COMMA:
                self._trail.read(batch.num_rows)
                yield content[1:] if is_first else content
                is_first = False
            else:
                self.total = int(bytes(content))


def text_bytes(texts: pa.Array) -> memoryview:
    """The bytes of all texts of an array, one after the other, where they lie.

    Args:
        texts: Texts, none of them null.

    Returns:
        A view of them.

    Example:
        >>> bytes(text_bytes(pa.array(["ab", "", "cd", "e"]).slice(1, 2)))
        b'cd'
    """
    if not len(texts):
        return memoryview(b"")
    width = 8 if pa.types.is_large_string(texts.type) else 4
    _, offsets, content = texts.buffers()
    if content is None:
        return memoryview(b"")
    places = memoryview(offsets).cast("q" if width == 8 else "i")  # noqa: PLR2004 - bytes of an offset
    return memoryview(content).cast("B")[places[texts.offset] : places[texts.offset + len(texts)]]
