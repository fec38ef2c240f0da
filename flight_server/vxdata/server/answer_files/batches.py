"""Batches of a fixed number of rows: files of the same rows have the same bytes, however the rows came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BATCH_ROWS: Final = 64 * 1024
"""Rows of each batch but the last."""


def in_fixed_batches(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, rows: int = BATCH_ROWS
) -> Iterator[pa.RecordBatch]:
    """Cut a stream of rows at fixed places.

    Args:
        batches: The rows, in batches of any size.
        schema: Their schema.
        rows: Rows of each batch that is returned, but the last.

    Yields:
        The same rows. Each batch has buffers of its own: those of a slice can hold bits of its neighbours.
    """
    waiting: list[pa.RecordBatch] = []
    missing = rows
    for batch in batches:
        begin = 0
        while batch.num_rows - begin >= missing:
            waiting.append(batch.slice(begin, missing))
            begin += missing
            yield _joined(waiting, schema)
            waiting, missing = [], rows
        if begin < batch.num_rows:
            waiting.append(batch.slice(begin))
            missing -= batch.num_rows - begin
    if waiting:
        yield _joined(waiting, schema)


def _joined(parts: list[pa.RecordBatch], schema: pa.Schema) -> pa.RecordBatch:
    """Copy the parts into one batch; with an empty one beside it, a single part is copied, too."""
    empty = parts[0].slice(0, 0)
    joined = pa.concat_batches([*parts, empty])
    return pa.RecordBatch.from_arrays(joined.columns, schema=schema)
