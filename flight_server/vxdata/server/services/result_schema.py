"""Conform: give the driver's batches exactly the schema that the registry declares."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from vxdata.schemas.types.arrow import arrow_type
from vxdata.schemas.wire import snapshot_metadata
from vxdata.server.ingest.nested import as_map

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.fields import Field
    from vxdata.sql.instant import Instant

MAX_SCHEMAS: Final = 200
"""Layouts that are remembered: to make one takes as long as to conform a batch of a few rows."""


class ResultSchema:
    """The columns of a result.

    Args:
        columns: The fields, in order.
    """

    def __init__(self, columns: Sequence[Field]) -> None:
        """Look at each column once for all batches."""
        self.arrow_schema = pa.schema(
            [
                pa.field(column.name, arrow_type(column.type), nullable=not column.required)
                for column in columns
            ]
        )
        self.description = str(self.arrow_schema)
        self._types = self.arrow_schema.types
        self._mappings = [place for place, to in enumerate(self._types) if pa.types.is_map(to)]

    def at(self, instant: Instant) -> pa.Schema:
        """The schema of a result that was read at an instant, which its metadata name."""
        return self.arrow_schema.with_metadata(snapshot_metadata(instant.as_of, instant.version))

    def conform(self, columns: Sequence[pa.Array], schema: pa.Schema) -> pa.RecordBatch:
        """Relabel the columns of a batch without copying their values.

        Args:
            columns: As the driver made them: all nullable, with its own metadata, a mapping as a list of
                key-value structs.
            schema: What they must be: that of the layout, at an instant.

        Returns:
            The same buffers under the declared schema.

        Raises:
            TypeError: A column has another type than declared: tables and registry have drifted apart.
        """
        columns = list(columns)
        for place in self._mappings:
            columns[place] = as_map(columns[place], self._types[place])
        for field, column, declared in zip(self.arrow_schema.names, columns, self._types, strict=True):
            if column.type != declared:
                msg = f"column {field} came as {column.type}, not as {declared}"
                raise TypeError(msg)
        return pa.RecordBatch.from_arrays(columns, schema=schema)


@lru_cache(MAX_SCHEMAS)
def result_schema_of(columns: tuple[Field, ...]) -> ResultSchema:
    """The layout of some fields, made once.

    Args:
        columns: The fields, in order.

    Returns:
        Their layout.
    """
    return ResultSchema(columns)
