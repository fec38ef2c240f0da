"""Coalescing: many small batches cost what a few large ones do, and nothing else tells them apart."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.server.support import batch
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.errors import UnknownField, ValidationFailed
from vxdata.server.ingest import reception
from vxdata.server.ingest.coalescing import MAX_BYTES, MAX_ROWS, MAX_RUNS, SMALL_ROWS, Coalescer
from vxdata.server.ingest.reception import Reception
from vxdata.server.ingest.spool import Spool
from vxdata.server.ingest.validation import validate
from vxdata.server.ingest.validation.violations import Violations
from vxdata.server.spool_space import SpoolSpace

if TYPE_CHECKING:
    from collections.abc import Iterator

VOLUME, PATIENT = (registry().get(name) for name in ("volume", "patient"))
SHAPES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("volume", {"license": "x", "b_value": 1.0}),
    ("volume", {"license": "x", "b_value": -1.0, "series_number": -3}),
    ("volume", {"license": "x", "b_value": 2.0}),
    ("volume", {"b_value": -1.0, "license": None}),
    ("patient", {"license": "x", "sex": "Q"}),
    ("patient", {"license": "x", "sex": "F"}),
)
"""Rows of two types and several schemas, right and wrong."""


def rows(shape: int, first: int, count: int) -> tuple[str, pa.RecordBatch]:
    prefix, values = SHAPES[shape]
    return prefix, batch(prefix, [{"identifier": f"{prefix}/{first + n}", **values} for n in range(count)])


@given(st.lists(st.tuples(st.integers(0, len(SHAPES) - 1), st.integers(0, 5)), max_size=60))
def test_violations_are_those_of_the_batches_one_by_one(parts: list[tuple[int, int]]) -> None:
    one_by_one, together, coalescer = Violations(), Violations(), Coalescer()
    counts: dict[str, int] = {}

    def take(runs: Iterator[Any]) -> None:
        for run in runs:
            found = Violations()
            validate(registry(), run.payload_type, run.rows, 0, found)
            together.take_over(found, run.origin_of)

    for number, (shape, count) in enumerate(parts):
        prefix, rows_ = rows(shape, 10 * number, count)
        first = counts.get(prefix, 0)
        counts[prefix] = first + count
        validate(registry(), registry().get(prefix), rows_, first, one_by_one)
        take(coalescer.add(registry().get(prefix), rows_, first))
    take(coalescer.rest())
    assert together.count == one_by_one.count
    if one_by_one.count:
        with pytest.raises(ValidationFailed) as expected:
            one_by_one.raise_if_any()
        with pytest.raises(ValidationFailed) as caught:
            together.raise_if_any()
        assert caught.value.details == expected.value.details
        assert str(caught.value) == str(expected.value)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2 * SMALL_ROWS)), max_size=40))
def test_every_row_comes_once_and_knows_where_from(parts: list[tuple[int, int]]) -> None:
    coalescer, sent, found = Coalescer(), [], []
    first = 0
    for order, (column, count) in enumerate(parts):
        rows_ = pa.record_batch({f"column_{column}": pa.array(range(first, first + count), pa.int64())})
        runs = list(coalescer.add(VOLUME, rows_, first))
        sent += [(order, row, row) for row in range(first, first + count)]
        first += count
        found += [(*run.origin_of(place), value) for run in runs for place, value in numbered(run.rows)]
        assert all(run.rows.num_rows < MAX_ROWS + SMALL_ROWS or len(run.origins) == 1 for run in runs)
    rest = coalescer.rest()
    found += [(*run.origin_of(place), value) for run in rest for place, value in numbered(run.rows)]
    assert sorted(found) == sent


def numbered(rows_: pa.RecordBatch) -> list[tuple[int, int]]:
    return list(enumerate(rows_.column(0).to_pylist()))


def test_what_is_held_is_bounded() -> None:
    coalescer = Coalescer()
    wide = pa.record_batch({"text": ["x" * (MAX_BYTES // 4)]})
    assert [len(list(coalescer.add(VOLUME, wide, row))) for row in range(8)] == [0, 0, 0, 1, 0, 0, 0, 1]
    runs = [
        run
        for number in range(3 * MAX_RUNS)
        for run in coalescer.add(VOLUME, pa.record_batch({f"column_{number}": [1]}), number)
    ]
    assert len(runs) == 2 * MAX_RUNS
    assert len(list(coalescer.rest())) == MAX_RUNS


@pytest.mark.parametrize("count", [0, 1])
def test_work_follows_the_rows_not_the_batches(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """However small the batches are and however types and schemas alternate."""
    batches = 6_000
    validated: list[int] = []

    def counting(*given_: Any) -> None:
        validated.append(given_[2].num_rows)
        validate(*given_)

    monkeypatch.setattr(reception, "validate", counting)
    parts = [rows(shape, 0, 1) for shape in (0, 2, 5)]
    with closing(Spool(SpoolSpace())) as spool:
        received = Reception(registry(), "update", spool)
        for number in range(batches):
            prefix, part = parts[number % len(parts)]
            received.add(registry().get(prefix), part.slice(0, count))
        received.finish()
        assert sum(validated) == received.received == batches * count
        assert len(validated) <= len(parts) + batches // MAX_ROWS
        kept = sum(len(list(spool.batches(prefix))) for prefix in received.counts)
        assert kept <= len(validated)


def test_a_wrong_schema_is_told_before_a_wrong_marker() -> None:
    with closing(Spool(SpoolSpace())) as spool:
        received = Reception(registry(), "create", spool)
        received.add(PATIENT, pa.record_batch({"identifier": ["patient/1"], "colour": ["red"]}))
        with pytest.raises(UnknownField):
            received.flush()
