"""Fixed batches: the same rows give the same bytes, however they were cut before."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from vxdata.server.answer_files.batches import in_fixed_batches
from vxdata.server.formats.files import FILE_FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = pa.schema(
    {
        "flag": pa.bool_(),
        "number": pa.int64(),
        "text": pa.string(),
        "items": pa.list_(pa.string()),
        "map": pa.map_(pa.string(), pa.float64()),
        "at": pa.timestamp("us", "UTC"),
    }
)


def rows(count: int) -> pa.Table:
    chance = random.Random(7)

    def maybe(value: Any) -> Any:
        return None if chance.random() < 0.3 else value

    return pa.Table.from_pylist(
        [
            {
                "flag": maybe(number % 3 == 0),
                "number": maybe(number),
                "text": maybe(f"Ä{number}"),
                "items": maybe([maybe("a"), "b"]),
                "map": maybe([("k", 1.5), (str(number), None)]),
                "at": maybe(number * 1_000_003),
            }
            for number in range(count)
        ],
        schema=SCHEMA,
    )


def cut(table: pa.Table, seed: int) -> Iterator[pa.RecordBatch]:
    """The rows in batches of random sizes, with offsets into shared buffers."""
    chance = random.Random(seed)
    (whole,) = table.combine_chunks().to_batches()
    begin = 0
    while begin < len(table):
        size = chance.choice([0, 1, 3, 7, 50, 200])
        yield whole.slice(begin, size)
        begin += size


@pytest.mark.parametrize("name", FILE_FORMATS)
def test_bytes_depend_on_the_rows_alone(name: str) -> None:
    table = rows(1000)
    written = FILE_FORMATS[name]
    files = {
        b"".join(written.write(SCHEMA, in_fixed_batches(cut(table, seed), SCHEMA, 96), written.codecs[0]))
        for seed in range(5)
    }
    assert len(files) == 1


def test_every_batch_but_the_last_is_full() -> None:
    table = rows(1000)
    batches = list(in_fixed_batches(cut(table, 0), SCHEMA, 96))
    assert [batch.num_rows for batch in batches] == [*[96] * 10, 40]
    assert pa.Table.from_batches(batches) == table


def test_no_rows_and_the_metadata_of_the_schema() -> None:
    named = SCHEMA.with_metadata({"key": "value"})
    assert list(in_fixed_batches([], named)) == []
    (batch,) = in_fixed_batches(cut(rows(5), 0), named)
    assert batch.schema.equals(named, check_metadata=True)
