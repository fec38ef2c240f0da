"""CSV for spreadsheets: no cell is taken for a formula, nulls are empty, and empty texts are `""`.

Instants and dates are ISO 8601; lists and mappings are JSON. A text that a spreadsheet would compute gets an
apostrophe before it, as one that begins with apostrophes before such a text does: whoever takes one away from
what matches `GUARDED` has the text as it was.
https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from vxdata.server.formats.chunks import Chunks
from vxdata.server.formats.ndjson import json_lines

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

GUARDED: Final = r"^'*[=+\-@\t\r]"
"""Texts that get an apostrophe."""

JSON: Final = "v"
"""Name of the one column whose values are written as JSON."""


def write_csv(
    schema: pa.Schema, batches: Iterable[pa.RecordBatch], _codec: str
) -> Generator[bytes | memoryview]:
    """Write record batches as CSV in UTF-8.

    Args:
        schema: Schema of every batch.
        batches: The batches.

    Yields:
        The header, and the lines of each batch.
    """
    chunks = Chunks()
    names = guarded(pa.array(schema.names, pa.string())).to_pylist()
    flat = pa.schema([pa.field(name, _flat(kind)) for name, kind in zip(names, schema.types, strict=True)])
    with pa.csv.CSVWriter(pa.PythonFile(chunks, "w"), flat) as writer:
        yield chunks.take()
        for batch in batches:
            columns = [_cells(column) for column in batch.columns]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=flat))
            yield chunks.take()
    yield chunks.take()


def guarded(texts: pa.Array) -> pa.Array:
    """Put an apostrophe before what a spreadsheet would compute.

    Args:
        texts: Texts.

    Returns:
        The same texts, those that match `GUARDED` with an apostrophe before them.

    Example:
        >>> guarded(pa.array(["=1+1", "'=1", "a=1", None])).to_pylist()
        ["'=1+1", "''=1", 'a=1', None]
    """
    if not pc.any(pc.match_substring_regex(texts, pattern=GUARDED)).as_py():
        return texts
    return pc.replace_substring_regex(texts, pattern=f"({GUARDED})", replacement=r"'\1")


def _flat(kind: pa.DataType) -> pa.DataType:
    """The type of a column as it is written: a text where CSV has no form of its own."""
    return pa.string() if pa.types.is_nested(kind) or pa.types.is_timestamp(kind) else kind


def _cells(column: pa.Array) -> pa.Array:
    if pa.types.is_string(column.type):
        return guarded(column)
    if pa.types.is_nested(column.type):
        return _as_json(column)
    if pa.types.is_timestamp(column.type):
        return _as_iso(column)
    return column


def _as_iso(column: pa.Array) -> pa.Array:
    """Write instants as ISO 8601; to write them with their time zone, Arrow takes 30 times as long."""
    texts = column.cast(pa.timestamp("us")).cast(pa.string()).cast(pa.binary())
    return pc.binary_join_element_wise(pc.binary_replace_slice(texts, 10, 11, b"T"), b"Z", b"").cast(
        pa.string()
    )


def _as_json(column: pa.Array) -> pa.Array:
    """Write each value as JSON; nulls stay nulls."""
    if not len(column):
        return pa.array([], pa.string())
    content = pa.array([str(json_lines(pa.table({JSON: column})), "utf-8")], pa.large_string())
    lines = pc.split_pattern(content, "\n").values.slice(0, len(column)).cast(pa.large_binary())
    values = pc.binary_slice(lines, len(f'{{"{JSON}":'), -1).cast(pa.string())
    return pc.if_else(column.is_valid(), values, pa.scalar(None, pa.string()))
