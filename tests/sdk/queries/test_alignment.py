"""Arrow tables whose buffers lie where other engines want them."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import polars as pl
import pytest

from vxdata.schemas.create import BenchmarkingResultCreate
from vxdata.sdk import F

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from vxdata.sdk import Client
    from vxdata.server.app import Server

ROWS = 40_000
"""Rows of several record batches."""


@pytest.fixture(scope="module")
def volumes(client: Client, root: str) -> str:
    """What volumes with texts, numbers and nulls hang below."""
    word = root.rpartition("/")[2]
    number = pl.int_range(ROWS)
    client.volumes.create(
        pl.select(
            identifier=pl.format(f"{word}-{{}}", number),
            parent_identifier=pl.lit(root),
            license=pl.lit("CC BY 4.0"),
            b_value=pl.when(number % 3 > 0).then(number % 1_000),
            series_description=pl.format("series {} of this patient", number % 977),
            is_contrast_enhanced=number % 2 == 0,
        )
    )
    return root


@pytest.fixture(scope="module")
def benchmarks(client: Client, root: str) -> str:
    """What results with maps and lists hang below."""
    word = root.rpartition("/")[2]
    client.benchmarking_results.create(
        [
            BenchmarkingResultCreate(
                identifier=f"{word}-{number}",
                parent_identifier=root,
                license="x",
                eval_task="t",
                summary_metrics={"auc": number / 7, "é" * (number % 5): -0.0},
                benchmarked_on=[f"volume/{item}" for item in range(number % 4)],
            )
            for number in range(50)
        ]
    )
    return root


def misplaced(table: pa.Table) -> list[str]:
    """The columns with a buffer that does not begin at a multiple of 64 bytes, as Arrow recommends."""
    return [
        name
        for name, column in zip(table.column_names, table.columns, strict=True)
        if any(buffer.size and buffer.address % 64 for buffer in _buffers(column))
    ]


def _buffers(column: pa.ChunkedArray) -> Iterator[pa.Buffer]:
    return (buffer for chunk in column.chunks for buffer in chunk.buffers() if buffer is not None)


@pytest.mark.parametrize("rows", [0, 1, 2, 7, 1_000, ROWS])
def test_buffers_of_tables_are_aligned(client: Client, volumes: str, rows: int) -> None:
    query = client.volumes.query().filter(F.parent_identifier == volumes).limit(rows)
    table = query.to_arrow()
    assert table.num_rows == rows
    assert misplaced(table) == []
    assert pl.DataFrame(table).equals(query.collect())


def test_buffers_of_maps_and_lists_are_aligned(client: Client, benchmarks: str) -> None:
    query = client.benchmarking_results.query().filter(F.parent_identifier == benchmarks)
    table = query.to_arrow()
    assert table.num_rows == 50
    assert misplaced(table) == []


# Where a buffer is misplaced, Acero fails as it is told here, instead of warning.
PROGRAM = """
import sys
import duckdb
import pyarrow.compute as pc
import pyarrow.dataset as ds
from pyarrow import acero
from vxdata.sdk import Client, F

url, root = sys.argv[1:]
with Client(url) as client:
    series = client.volumes.query().filter(F.parent_identifier == root).to_arrow()
source = acero.Declaration("table_source", acero.TableSourceNodeOptions(series))
aggregate = acero.AggregateNodeOptions([("b_value", "hash_sum", None, "total")], keys=["series_description"])
print(acero.Declaration("aggregate", aggregate, inputs=[source]).to_table().num_rows)
print(ds.dataset(series).to_table(filter=pc.field("b_value") > 500).num_rows)
plain = series.select(["identifier", "b_value", "series_description"])  # joins take no lists
print(plain.join(plain, "identifier", right_suffix="_r").num_rows)
print(duckdb.sql("SELECT count(DISTINCT series_description) FROM series WHERE b_value > 0").fetchone())
"""


@pytest.mark.parametrize("handling", ["error", "warn"])
def test_other_engines_read_tables_without_a_word(server: Server, volumes: str, handling: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM, server.flight_url, volumes],
        env=os.environ | {"ACERO_ALIGNMENT_HANDLING": handling},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == "977"
    assert done.stdout.splitlines()[2] == str(ROWS)
