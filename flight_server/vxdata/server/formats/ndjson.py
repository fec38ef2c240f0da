"""NDJSON: a JSON object on each line, with every column, nulls too.

Instants and dates are ISO 8601, mappings are objects, lists are arrays. Whole numbers are exact; readers that
take every number for a double lose digits beyond 2^53.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import arro3.io
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable


def write_ndjson(
    schema: pa.Schema, batches: Iterable[pa.RecordBatch], _codec: str
) -> Generator[bytes | memoryview]:
    """Write record batches as NDJSON.

    Args:
        schema: Schema of every batch.
        batches: The batches.

    Yields:
        The lines of each batch.
    """
    for batch in batches:
        yield json_lines(pa.Table.from_batches([batch], schema))


def json_lines(table: pa.Table) -> memoryview:
    r"""Write rows as lines of JSON.

    Args:
        table: The rows.

    Returns:
        UTF-8, a line for each row, each ended by a newline.

    Example:
        >>> bytes(json_lines(pa.table({"name": ["a", None], "n": [1, 2]})))
        b'{"name":"a","n":1}\n{"name":null,"n":2}\n'
    """
    lines = io.BytesIO()
    arro3.io.write_ndjson(table, lines, explicit_nulls=True)
    return lines.getbuffer()
