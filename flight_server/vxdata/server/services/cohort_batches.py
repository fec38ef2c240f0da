"""Batches of cohorts: the arrays of a statement become the columns of a page.

Lists of records come from PostgreSQL as one array for each field (`vxdata.sql.cohorts.arrow_page`). They
share their offsets, so that no row is copied or looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from vxdata.schemas.cohorts.bound import NestedOutput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.schemas.cohorts.bound import BoundCohort, Output


def assemble(batch: pa.RecordBatch, cohort: BoundCohort, schema: pa.Schema) -> pa.RecordBatch:
    """Put the columns of a page together.

    Args:
        batch: Columns in the order in which the statement of the page selects them.
        cohort: The cohort.
        schema: Schema of the page, with its metadata.

    Returns:
        The same rows as a page.
    """
    columns = iter(batch.columns)
    arrays = [
        _column(columns, output, field.type) for output, field in zip(cohort.outputs, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _column(columns: Iterator[pa.Array], output: Output, arrow_type: pa.DataType) -> pa.Array:
    if isinstance(output, NestedOutput):
        return _records(columns, output, arrow_type)
    return next(columns).cast(arrow_type)


def _records(columns: Iterator[pa.Array], output: NestedOutput, arrow_type: pa.ListType) -> pa.Array:
    """A list of records from the arrays of its fields; null where there are no records."""
    numbers = next(columns)
    arrays = [next(columns).flatten() for _ in output.columns]
    lengths = [next(columns).flatten() for _ in output.lists]
    arrays += [pa.ListArray.from_arrays(_offsets(each), next(columns).flatten()) for each in lengths]
    fields = list(arrow_type.value_type)
    cast = [array.cast(field.type) for array, field in zip(arrays, fields, strict=True)]
    records = pa.StructArray.from_arrays(cast, fields=fields)
    return pa.ListArray.from_arrays(_offsets(numbers), records, type=arrow_type, mask=numbers.is_null())


def _offsets(lengths: pa.Array) -> pa.Array:
    """Where each list begins, and the last one ends."""
    known = pc.fill_null(lengths, 0).cast(pa.int64())
    return pa.concat_arrays([pa.array([0], pa.int64()), pc.cumulative_sum(known)]).cast(pa.int32())
