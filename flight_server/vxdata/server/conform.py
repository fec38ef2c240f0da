"""Conform: give the driver's batches exactly the schema that the registry declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from vxdata.schemas.arrow import arrow_type
from vxdata.server.nested import remapped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.fields import Field


def result_schema(columns: Sequence[Field]) -> pa.Schema:
    """The Arrow schema of a result.

    Args:
        columns: The selected fields, in order.

    Returns:
        One Arrow field a column, of the declared type and nullability.
    """
    return pa.schema(
        [pa.field(column.name, arrow_type(column.type), nullable=not column.required) for column in columns]
    )


def conform(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Relabel a batch without copying its values.

    Args:
        batch: Columns as the driver made them: all nullable, with its own metadata, a mapping as a
            list of key-value structs.
        schema: What they must be.

    Returns:
        The same buffers under the declared schema.

    Raises:
        TypeError: A column has another type than declared: tables and registry have drifted apart.
    """
    columns = [_conform(column, field) for column, field in zip(batch.columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _conform(column: pa.Array, field: pa.Field) -> pa.Array:
    if pa.types.is_map(field.type):
        return remapped(column, field.type)
    if column.type != field.type:
        msg = f"column {field.name} came as {column.type}, not as {field.type}"
        raise TypeError(msg)
    return column
