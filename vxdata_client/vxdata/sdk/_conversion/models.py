"""Pydantic models to Arrow columns, for uploads, and back, for results."""

from __future__ import annotations

from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

from vxdata.schemas.models import models_of
from vxdata.schemas.types.arrow import create_schema, response_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from vxdata.schemas.models import ResourceCreate, ResourceResponse
    from vxdata.schemas.payload_type import PayloadType

Response = TypeVar("Response", bound="ResourceResponse")


def by_type(models: Iterable[ResourceCreate]) -> dict[str, list[ResourceCreate]]:
    """Put models of one resource type together; they keep their order within a type."""
    groups: dict[str, list[ResourceCreate]] = {}
    for model in models:
        groups.setdefault(model.resource_type, []).append(model)
    return groups


def table_of(payload_type: PayloadType, models: Sequence[ResourceCreate]) -> pa.Table:
    """Turn models of one resource type into a table, column by column.

    Args:
        payload_type: Their type.
        models: The models.

    Returns:
        One row a model, in order, with all columns of a create.
    """
    arrow_schema = create_schema(payload_type)
    rows = [model.__dict__ for model in models]
    columns = [_column(field.type, list(map(itemgetter(field.name), rows))) for field in arrow_schema]
    return pa.Table.from_arrays(columns, schema=arrow_schema)


def _column(arrow_type: pa.DataType, values: list[Any]) -> pa.Array:
    return pa.array(map(arrow_value, values) if pa.types.is_map(arrow_type) else values, arrow_type)


def arrow_value(value: Any) -> Any:
    """A mapping as pairs, the form that Arrow takes; all else as it is."""
    return list(value.items()) if isinstance(value, dict) else value


def responses(table: pa.Table, payload_type: PayloadType) -> list[ResourceResponse]:
    """Turn rows into response models.

    Args:
        table: Rows with all fields of the type.
        payload_type: The type.

    Returns:
        One response model a row, in order.
    """
    model = models_of(payload_type).response
    wanted, names = stored_schema(payload_type), table.schema.names
    columns = _columns(table)
    values = _by_name(names, columns)
    if names == wanted.names and _fit(table.schema, columns, wanted):
        return built(values, model)
    return [model.model_validate(row) for row in _rows(values)]


@cache
def stored_schema(payload_type: PayloadType) -> pa.Schema:
    """The Arrow schema of a type's responses; made once, since that takes as long as to read a row."""
    return response_schema(payload_type)


def built(columns: Mapping[str, list[Any]], model: type[Response]) -> list[Response]:
    """Make response models of columns of values, without a look at these.

    Args:
        columns: The values of each field that is stated, in the order of the fields.
        model: The type's response model.

    Returns:
        One model a row, in order.
    """
    rows = len(next(iter(columns.values())))
    whole = {name: columns.get(name, [field.default] * rows) for name, field in model.model_fields.items()}
    stated = set(columns)
    return [_built(model, row, stated) for row in _rows(whole)]


def values_by_name(table: pa.Table) -> dict[str, list[Any]]:
    """The values of each column as models hold them."""
    return _by_name(table.schema.names, _columns(table))


def _by_name(names: Sequence[str], columns: Sequence[pa.Array | pa.ChunkedArray]) -> dict[str, list[Any]]:
    return dict(zip(names, map(_values, columns), strict=True))


def _columns(table: pa.Table) -> list[pa.Array] | list[pa.ChunkedArray]:
    """The columns; of a table in one batch as plain arrays, which are faster to read than chunked ones."""
    batches = table.to_batches()
    columns: list[pa.Array] = batches[0].columns if len(batches) == 1 else table.columns
    return columns


def _rows(columns: Mapping[str, list[Any]]) -> Iterator[dict[str, Any]]:
    names = list(columns)
    return (dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True))


def _values(column: pa.Array | pa.ChunkedArray) -> list[Any]:
    """The values of a column as models hold them."""
    if column.null_count == len(column):
        return [None] * len(column)
    if pa.types.is_map(column.type):
        return [None if pairs is None else dict(pairs) for pairs in column.to_pylist()]
    if pa.types.is_timestamp(column.type):  # few different ones, and each takes long to make
        # By their numbers: a dictionary would load all functions of Arrow, which takes a small answer's time.
        numbers = [number for chunk in _chunks(column) for number in chunk.view(pa.int64()).to_pylist()]
        known = {number: pa.scalar(number, column.type).as_py() for number in set(numbers)}
        return [known[number] for number in numbers]
    values: list[Any] = column.to_pylist()
    return values


def _chunks(column: pa.Array | pa.ChunkedArray) -> list[pa.Array]:
    return column.chunks if isinstance(column, pa.ChunkedArray) else [column]


def fits(table: pa.Table, wanted: pa.Schema) -> bool:
    """Tell whether the values of a table need not be checked again.

    Args:
        table: Rows.
        wanted: A schema that has all their columns.

    Returns:
        Whether each column has the type that it must have, and no null where there must be a value.
    """
    return _fit(table.schema, _columns(table), wanted)


def _fit(found: pa.Schema, columns: Sequence[pa.Array | pa.ChunkedArray], wanted: pa.Schema) -> bool:
    is_same = found.equals(wanted)  # as it nearly always is; to look at each type takes longer than the rest
    fields = wanted if is_same else [wanted.field(name) for name in found.names]
    return all(
        (is_same or column.type == field.type) and (field.nullable or not column.null_count)
        for field, column in zip(fields, columns, strict=True)
    )


def _built(model: type[Response], values: dict[str, Any], stated: set[str]) -> Response:
    """Make a model of checked values, as `model_construct` does, which takes five times as long.

    All models of an answer share what they state: they are frozen, and copies get a set of their own.
    """
    made = model.__new__(model)
    set_attribute = object.__setattr__  # the model is frozen
    set_attribute(made, "__dict__", values)
    set_attribute(made, "__pydantic_fields_set__", stated)
    set_attribute(made, "__pydantic_extra__", None)
    set_attribute(made, "__pydantic_private__", None)
    return made
