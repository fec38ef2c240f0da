"""Models as uploads and answers: pydantic objects to Arrow columns, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

from vxdata.schemas.arrow import create_schema
from vxdata.schemas.fields import NumberMap, TextMap
from vxdata.schemas.registry import registry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.models import ResourceCreate, ResourceResponse

Response = TypeVar("Response", bound="ResourceResponse")


def tables_from_models(models: Sequence[ResourceCreate]) -> dict[str, pa.Table]:
    """Turn models into one table for each resource type, column by column.

    Args:
        models: Creates of any types.

    Returns:
        Tables by resource type; rows keep their order within a type.
    """
    by_type: dict[str, list[ResourceCreate]] = {}
    for model in models:
        by_type.setdefault(model.resource_type, []).append(model)
    return {resource_type: _table(resource_type, group) for resource_type, group in by_type.items()}


def _table(resource_type: str, models: Sequence[ResourceCreate]) -> pa.Table:
    arrow_schema = create_schema(registry().get(resource_type))
    rows = [model.__dict__ for model in models]
    columns = [pa.array([arrow_value(row[field.name]) for row in rows], field.type) for field in arrow_schema]
    return pa.Table.from_arrays(columns, schema=arrow_schema)


def arrow_value(value: Any) -> Any:
    """A mapping as pairs, the form that Arrow takes; all else as it is."""
    return list(value.items()) if isinstance(value, dict) else value


def responses(table: pa.Table, model: type[Response]) -> list[Response]:
    """Turn rows into response models.

    Args:
        table: Rows with all fields of the type.
        model: The type's response model.

    Returns:
        One model a row, in order.
    """
    maps = [
        field.name
        for field in registry().get(model.resource_type).fields
        if isinstance(field.type, TextMap | NumberMap)
    ]
    rows = table.to_pylist()
    for row in rows:
        for name in maps:
            row[name] = None if row[name] is None else dict(row[name])
    return [model.model_validate(row) for row in rows]
