"""Files of every format: what is special in each, and that a file that was cut shows it."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest

from tests.query.formats import read_back, rows_of
from vxdata.schemas.wire import snapshot_metadata
from vxdata.server.formats.known import FORMATS, Format

if TYPE_CHECKING:
    from collections.abc import Iterator

BY_NAME: Final = {form.name: form for form in FORMATS}
FORMS: Final = [(form, codec) for form in FORMATS for codec in form.codecs]

TABLE: Final = pa.table(
    {
        "text": ["", None, 'a "b", c', "two\nlines\r\n", "ü€😀", "\u2028\x0b\x1f\\"],
        "whole": [0, None, 2**63 - 1, -(2**63), 2**53 + 1, -1],
        "number": [0.1, None, 1e300, 5e-324, -0.0, 1e19],
        "flag": [True, None, False, True, False, True],
        "day": [
            date(1, 1, 1),
            None,
            date(9999, 12, 31),
            date(1969, 12, 31),
            date(2024, 2, 29),
            date(2026, 1, 1),
        ],
        "at": pa.array(
            [
                datetime(1, 1, 1, tzinfo=UTC),
                None,
                datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
                datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=UTC),
                datetime(2024, 2, 29, 12, tzinfo=UTC),
                datetime(2026, 1, 1, 0, 0, 0, 120_000, tzinfo=UTC),
            ],
            pa.timestamp("us", tz="UTC"),
        ),
        "items": pa.array([[], None, ["a"], ['"', "\\", "\n"], [""], ["=1"]], pa.list_(pa.string())),
        "words": pa.array(
            [{}, None, {"a": "b"}, {"": ""}, {'"': "\t"}, {"=": "="}], pa.map_(pa.string(), pa.string())
        ),
        "numbers": pa.array(
            [{}, None, {"a": 1e19}, {"b": 0.1}, {"c": -0.0}, {"d": 1.0}], pa.map_(pa.string(), pa.float64())
        ),
    }
).replace_schema_metadata(snapshot_metadata(datetime(2026, 1, 2, tzinfo=UTC), 7))


def written(form: Format, table: pa.Table, codec: str | None = None) -> bytes:
    return b"".join(form.write(table.schema, table.to_batches(), codec or form.codecs[0]))


def texts(*found: str | None) -> pa.Table:
    return pa.table({"text": pa.array(found, pa.string())})


@pytest.mark.parametrize(("form", "codec"), FORMS)
def test_every_value_comes_back(form: Format, codec: str) -> None:
    sliced = TABLE.slice(1, 4)
    for table in (TABLE, sliced, TABLE.slice(0, 0), pa.concat_tables([TABLE, sliced])):
        assert read_back(form, written(form, table, codec), table.schema) == rows_of(table)


@pytest.mark.parametrize(("form", "codec"), FORMS)
def test_bytes_come_while_batches_do(form: Format, codec: str) -> None:
    """No writer waits for more batches than a file needs to be written well."""
    taken = []

    def batches() -> Iterator[pa.RecordBatch]:
        for number in range(400):
            taken.append(number)
            yield pa.record_batch({"x": pa.array(range(1_000), pa.int64())})

    chunks = form.write(pa.schema({"x": pa.int64()}), batches(), codec)
    for written_chunks, _ in enumerate(chunks):
        assert len(taken) <= (written_chunks + 1) * (140 if form.name == "parquet" else 1)
    assert len(taken) == 400


@pytest.mark.parametrize("name", ["arrow", "parquet"])
def test_a_file_without_its_end_is_refused(name: str) -> None:
    content = written(BY_NAME[name], TABLE)
    readers: dict[str, Any] = {
        "arrow": lambda part: pa.ipc.open_stream(part).read_all(),
        "parquet": lambda part: pa.parquet.read_table(io.BytesIO(part)),
    }
    assert readers[name](content).num_rows == TABLE.num_rows
    with pytest.raises((pa.ArrowInvalid, OSError)):
        readers[name](content[:-12])


class TestCsv:
    @pytest.mark.parametrize(
        ("text", "cell"),
        [
            ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "'\r=1"),
            ("'=1", "''=1"),
            ("''-1", "'''-1"),
            ("'quoted'", "'quoted'"),
            (" =1", " =1"),
            ("a=1", "a=1"),
            ("", ""),
        ],
    )
    def test_no_cell_is_a_formula(self, text: str, cell: str) -> None:
        content = written(BY_NAME["csv"], texts(text))
        assert content == f'"text"\n"{cell}"\n'.encode()
        assert read_back(BY_NAME["csv"], content, texts(text).schema) == [{"text": text}]

    def test_names_of_columns_are_cells_too(self) -> None:
        content = written(BY_NAME["csv"], pa.table({"=1+1": [1], "b": [-1]}))
        assert content == b'"\'=1+1","b"\n1,-1\n'

    def test_null_and_empty_differ(self) -> None:
        assert written(BY_NAME["csv"], pa.table({"a": ["", None], "b": [1, 2]})) == b'"a","b"\n"",1\n,2\n'

    def test_lists_and_mappings_are_json(self) -> None:
        table = TABLE.select(["items", "words"]).slice(3, 2)
        frame = pl.read_csv(written(BY_NAME["csv"], table))
        assert [json.loads(cell) for cell in frame["items"]] == [['"', "\\", "\n"], [""]]
        assert [json.loads(cell) for cell in frame["words"]] == [{"": ""}, {'"': "\t"}]

    def test_instants_are_iso_8601(self) -> None:
        lines = written(BY_NAME["csv"], TABLE.select(["day", "at"])).splitlines()
        assert lines[1] == b'0001-01-01,"0001-01-01T00:00:00.000000Z"'
        assert lines[2] == b","


class TestNdjson:
    def test_every_column_stands_in_every_line(self) -> None:
        lines = written(BY_NAME["ndjson"], TABLE).splitlines()
        assert [list(json.loads(line)) for line in lines] == [TABLE.schema.names] * TABLE.num_rows

    def test_polars_reads_it(self) -> None:
        frame = pl.read_ndjson(written(BY_NAME["ndjson"], TABLE.select(["text", "whole", "flag"])))
        assert frame.rows() == pl.DataFrame(TABLE.select(["text", "whole", "flag"])).rows()


class TestParquet:
    def test_small_batches_share_row_groups(self) -> None:
        batch = pa.record_batch({"x": pa.array(range(1_000), pa.int64())})
        form = BY_NAME["parquet"]
        content = b"".join(form.write(batch.schema, [batch] * 300, form.codecs[0]))
        assert pa.parquet.ParquetFile(io.BytesIO(content)).num_row_groups == 3

    def test_the_snapshot_stands_in_the_footer(self) -> None:
        found = pa.parquet.read_schema(io.BytesIO(written(BY_NAME["parquet"], TABLE)))
        assert found.metadata == TABLE.schema.metadata
