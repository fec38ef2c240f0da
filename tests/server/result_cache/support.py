"""Batches that differ from each other, for the tests of the result cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SCHEMA = pa.schema(
    [
        pa.field("number", pa.int64(), nullable=False),
        pa.field("text", pa.string()),
        pa.field("list", pa.list_(pa.string())),
        pa.field("map", pa.map_(pa.string(), pa.float64())),
        pa.field("padding", pa.binary()),
    ]
)


def batch(number: int, *, rows: int = 3, padding: int = 0) -> pa.RecordBatch:
    """A batch whose rows name its number; the padding gives it a size."""
    row = {"number": number, "text": f"Ä {number}", "list": ["a", None], "map": [("k", 1.5)]}
    rest: dict[str, object] = {"text": None, "list": None, "map": []} if number % 2 else {}
    return pa.RecordBatch.from_pylist([{**row, **rest, "padding": bytes(padding)}] * rows, schema=SCHEMA)


def numbers(batches: Iterable[pa.RecordBatch]) -> list[int]:
    """The numbers of batches, one each."""
    return [each["number"][0].as_py() for each in batches]


def made(count: int, *, padding: int = 0) -> Iterator[pa.RecordBatch]:
    """So many batches, in order."""
    return (batch(number, padding=padding) for number in range(count))
