"""Nested columns over shared buffers: slices, nulls, and what lies hidden behind a null."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vxdata.schemas.fields import Field, NumberMap, Text, TextMap
from vxdata.server.ingest.nested import as_map, with_values
from vxdata.server.ingest.reception import staging_batch
from vxdata.server.services.result_schema import ResultSchema

MAP = pa.map_(pa.string(), pa.float64())
MAPS = st.lists(
    st.none()
    | st.dictionaries(st.text("abä", max_size=2), st.floats(allow_nan=False), max_size=3).map(
        lambda found: list(found.items())
    ),
    max_size=6,
)
HIDDEN = pa.MapArray.from_arrays(
    pa.array([0, 2, 3, 3], pa.int32()),
    pa.array(["hidden", "too", "seen"]),
    pa.array([1.0, 2.0, 3.0]),
    mask=pa.array([True, False, False]),
)


def slices(column: pa.Array) -> list[pa.Array]:
    return [column.slice(start, size) for start in range(len(column) + 1) for size in range(len(column) + 1)]


def driver(column: pa.Array) -> pa.Array:
    """A mapping as the driver reads it: a list of structs with other names, all nullable."""
    entries = pa.StructArray.from_arrays([column.keys, column.items], names=["f1", "f2"])
    return with_values(column, entries)


@given(rows=MAPS)
def test_relisted(rows: list[list[tuple[str, float]] | None]) -> None:
    for column in slices(pa.array(rows, MAP)):
        found = with_values(column, column.keys)
        found.validate(full=True)
        assert found.to_pylist() == [
            None if row is None else [key for key, _ in row] for row in column.to_pylist()
        ]


@given(rows=MAPS)
def test_remapped(rows: list[list[tuple[str, float]] | None]) -> None:
    for column in slices(pa.array(rows, MAP)):
        found = as_map(driver(column), MAP)
        found.validate(full=True)
        assert found.type == MAP
        assert found.equals(column)


@pytest.mark.parametrize("column", slices(HIDDEN), ids=str)
def test_hidden_entries_stay_hidden(column: pa.Array) -> None:
    expected = column.to_pylist()
    assert as_map(driver(column), MAP).to_pylist() == expected
    staged = staging_batch(pa.record_batch({"m": column}))
    keys = [None if row is None else [key for key, _ in row] for row in expected]
    assert staged.to_pydict()["m__keys"] == keys


class TestConform:
    fields = (
        Field(name="a", type=Text(), description="", required=True),
        Field(name="m", type=NumberMap(), description=""),
        Field(name="t", type=TextMap(), description=""),
    )

    def batch(self, rows: list[Any]) -> pa.RecordBatch:
        numbers = pa.array(rows, MAP)
        texts = pa.array(
            [None if row is None else [(key, str(value)) for key, value in row] for row in rows],
            pa.map_(pa.string(), pa.string()),
        )
        columns = [pa.array(["x"] * len(rows), pa.string()), driver(numbers), driver(texts)]
        return pa.record_batch(columns, names=["a", "m", "t"]).replace_schema_metadata({"made": "by driver"})

    @pytest.mark.parametrize("rows", [[], [None], [[]], [[("a", 1.0)], None, [], [("b", 2.0), ("c", -0.0)]]])
    def test_schema_is_exactly_the_declared_one(self, rows: list[Any]) -> None:
        layout = ResultSchema(self.fields)
        schema = layout.arrow_schema.with_metadata({"k": "v"})
        whole = self.batch(rows)
        for start in range(len(rows) + 1):
            found = layout.conform(whole.slice(start).columns, schema)
            found.validate(full=True)
            assert found.schema.equals(schema, check_metadata=True)
            assert found.to_pydict()["m"] == rows[start:]

    def test_values_are_not_copied(self) -> None:
        whole = self.batch([[("a", 1.0)], None])
        layout = ResultSchema(self.fields)
        found = layout.conform(whole.columns, layout.arrow_schema)
        assert found["m"].items.buffers()[1].address == whole["m"].values.field(1).buffers()[1].address

    def test_drift_is_an_error(self) -> None:
        drifted = self.batch([None]).set_column(0, "a", pa.array([1]))
        layout = ResultSchema(self.fields)
        with pytest.raises(TypeError, match="column a came as int64, not as string"):
            layout.conform(drifted.columns, layout.arrow_schema)
