"""The Arrow schema of a cohort's rows: scalars, lists of distinct values, and lists of records."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from vxdata.schemas.catalog.reflected_relations import field_type_of
from vxdata.schemas.cohorts.bound import ListOutput, NestedOutput
from vxdata.schemas.fields import Text, TextList
from vxdata.schemas.types.arrow import arrow_type

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vxdata.schemas.cohorts.bound import Output
    from vxdata.schemas.cohorts.model import CohortColumn
    from vxdata.schemas.fields import FieldType


def cohort_schema(outputs: Iterable[Output]) -> pa.Schema:
    """Tell the schema of a cohort's rows.

    Args:
        outputs: The columns.

    Returns:
        The schema. A list is never null but empty; a list of records is null where an entity has no rows.
    """
    return pa.schema([_field(output) for output in outputs])


def value_type(column: CohortColumn) -> FieldType:
    """The type of the values of a column, where they are shown one by one; lists among them are text."""
    found = field_type_of(column.reflected.sql_type)
    return Text() if isinstance(found, TextList) else found


def _field(output: Output) -> pa.Field:
    if isinstance(output, ListOutput):
        return pa.field(output.name, pa.list_(arrow_type(value_type(output.column))), nullable=False)
    if isinstance(output, NestedOutput):
        fields = [pa.field(item.name, arrow_type(value_type(item))) for item in output.columns]
        fields += [_field(item) for item in output.lists]
        return pa.field(output.name, pa.list_(pa.struct(fields)))
    return pa.field(output.name, arrow_type(value_type(output.column)))
