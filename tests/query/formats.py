"""Files read back by libraries that are not the server's writers, as rows of Python values."""

from __future__ import annotations

import io
import json
import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from vxdata.server.formats.csv import GUARDED

if TYPE_CHECKING:
    from collections.abc import Callable

    from vxdata.server.formats.known import Format

Row = dict[str, Any]


def read_back(form: Format, content: bytes, schema: pa.Schema) -> list[Row]:
    """Read a file.

    Args:
        form: Its format.
        content: Its bytes.
        schema: What it was written from; formats with a schema of their own must have the same.

    Returns:
        The rows; floats and mappings in a form that is equal only for what is equal to the last bit.
    """
    found = READERS[form.name](content, schema)
    return [{name: exact(value) for name, value in row.items()} for row in found]


def rows_of(table: pa.Table) -> list[Row]:
    """The rows of a table, in the same form."""
    return [{name: exact(value) for name, value in row.items()} for row in _rows(table)]


def exact(value: Any) -> Any:
    """A value that equals another only if both have the same type and bits."""
    match value:
        case bool() | int() | float():
            return type(value).__name__, repr(value)
        case dict():
            return {key: exact(entry) for key, entry in value.items()}
        case list():
            return [exact(item) for item in value]
        case _:
            return value


def _rows(table: pa.Table) -> list[Row]:
    maps = [field.name for field in table.schema if pa.types.is_map(field.type)]
    rows: list[Row] = table.to_pylist()
    for row in rows:
        row.update({name: None if row[name] is None else dict(row[name]) for name in maps})
    return rows


def _arrow(content: bytes, schema: pa.Schema) -> list[Row]:
    table = pa.ipc.open_stream(content).read_all()
    assert table.schema.equals(schema, check_metadata=True)
    return _rows(table)


def _parquet(content: bytes, schema: pa.Schema) -> list[Row]:
    table = pa.parquet.read_table(io.BytesIO(content))
    assert table.schema.equals(schema)
    assert table.schema.metadata == schema.metadata
    return _rows(table)


def _csv(content: bytes, schema: pa.Schema) -> list[Row]:
    header, *lines = zip(
        *(column.to_pylist() for column in _cells(content, len(schema)).columns), strict=True
    )
    assert list(map(_unguarded, header)) == schema.names
    readers = [_of_cell(kind) for kind in schema.types]
    return [
        {
            name: None if cell is None else read(cell)
            for name, read, cell in zip(schema.names, readers, line, strict=True)
        }
        for line in lines
    ]


def _cells(content: bytes, width: int) -> pa.Table:
    """The cells of a CSV file as texts, the header first; only an empty cell without quotes is null."""
    names = [f"c{place}" for place in range(width)]
    return pa.csv.read_csv(
        io.BytesIO(content),
        pa.csv.ReadOptions(column_names=names, block_size=2**28),
        pa.csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        pa.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


def _of_cell(kind: pa.DataType) -> Callable[[str], Any]:
    if pa.types.is_string(kind):
        return _unguarded
    if pa.types.is_map(kind) and pa.types.is_floating(kind.item_type):
        return lambda cell: {key: float(value) for key, value in json.loads(cell).items()}
    if pa.types.is_nested(kind):
        return json.loads
    return next(read for fits, read in CELLS if fits(kind))


def _unguarded(text: str) -> str:
    return text[1:] if text.startswith("'") and re.match(GUARDED, text) else text


def _ndjson(content: bytes, schema: pa.Schema) -> list[Row]:
    rows = [json.loads(line) for line in content.split(b"\n")[:-1]]
    for row in rows:
        assert list(row) == schema.names
        for field in schema:
            value = row[field.name]
            if value is not None and pa.types.is_date(field.type):
                row[field.name] = date.fromisoformat(value)
            if value is not None and pa.types.is_timestamp(field.type):
                row[field.name] = datetime.fromisoformat(value)
    return rows


CELLS: Final[tuple[tuple[Callable[[pa.DataType], bool], Callable[[str], Any]], ...]] = (
    (pa.types.is_boolean, lambda cell: {"true": True, "false": False}[cell]),
    (pa.types.is_integer, int),
    (pa.types.is_floating, float),
    (pa.types.is_date, date.fromisoformat),
    (pa.types.is_timestamp, datetime.fromisoformat),
)
"""Types of columns -> how a cell of them is read."""

READERS: Final = {"arrow": _arrow, "parquet": _parquet, "csv": _csv, "ndjson": _ndjson}
