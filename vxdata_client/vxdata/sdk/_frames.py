"""Polars frames as uploads: columns are fields, checked and cast without a look at single rows."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa

from vxdata.schemas.arrow import arrow_type
from vxdata.schemas.errors import FieldTypeMismatch, UnexpectedPayload, UnknownField, ValidationFailed
from vxdata.schemas.fields import (
    Boolean,
    Date,
    Float,
    Integer,
    NumberMap,
    TextList,
    TextMap,
    Timestamp,
)
from vxdata.schemas.registry import registry
from vxdata.schemas.value_types import NaiveTimestampWarning

if TYPE_CHECKING:
    from collections.abc import Callable

    from vxdata.schemas.fields import Field, FieldType
    from vxdata.schemas.payload_type import PayloadType

NANOSECONDS_PER_MICROSECOND = 1000


def table_from_frame(payload_type: PayloadType, frame: pl.DataFrame) -> pa.Table:
    """Bring a frame into the Arrow types of a payload type.

    Text columns may be categorical, numbers of any width; nothing is converted that could lose
    information. A bare or plural identifier gets its canonical prefix.

    Args:
        payload_type: What the rows are.
        frame: Columns named like fields; missing ones are null.

    Returns:
        The table to upload.

    Raises:
        UnknownField: Columns that the type does not have.
        FieldTypeMismatch: A column whose type does not fit its field.
        UnexpectedPayload: Identifiers of another payload type.
        ValidationFailed: A required column is missing, or a timestamp is finer than microseconds.
    """
    fields = {field.name: field for field in payload_type.create_fields}
    unknown = [name for name in frame.columns if name not in fields]
    if unknown:
        raise UnknownField.from_names(payload_type.prefix, unknown, fields)
    _require_columns(payload_type, frame)
    columns = {series.name: _column(payload_type, fields[series.name], series) for series in frame}
    return pa.table(columns)


def _require_columns(payload_type: PayloadType, frame: pl.DataFrame) -> None:
    violations = [
        {
            "resource_type": payload_type.prefix,
            "row": None,
            "identifier": None,
            "field": field.name,
            "problem": "is required, but its column is missing",
            "value": None,
        }
        for field in payload_type.create_fields
        if field.required and field.name not in frame.columns
    ]
    if violations:
        raise ValidationFailed.from_violations(violations)


def _column(payload_type: PayloadType, field: Field, series: pl.Series) -> pa.Array:
    wanted = arrow_type(field.type)
    if series.dtype == pl.Null:
        return pa.nulls(len(series), wanted)
    if not _fits(field.type, series.dtype):
        msg = (
            f"{payload_type.prefix}.{field.name} is of type {type(field.type).__name__.lower()}; "
            f"a column of {series.dtype} does not fit."
        )
        raise FieldTypeMismatch(
            msg,
            resource_type=payload_type.prefix,
            field=field.name,
            wanted=str(wanted),
            got=str(series.dtype),
        )
    if field.name == "identifier":
        series = _canonical_identifiers(payload_type, series.cast(pl.String))
    elif field.name == "parent_identifier":
        series = _canonical_parents(series.cast(pl.String))
    elif isinstance(field.type, Timestamp):
        series = _instants(payload_type, series)
    return _arrow(series, wanted)


def _arrow(series: pl.Series, wanted: pa.DataType) -> pa.Array:
    column = series.to_arrow(compat_level=pl.CompatLevel.oldest())
    if pa.types.is_map(wanted) and not pa.types.is_map(column.type):
        column = _map_from_structs(column, wanted)
    return column.cast(wanted)


def _map_from_structs(column: pa.Array, wanted: pa.DataType) -> pa.Array:
    """Read a list of two-field structs as a mapping: the first field is the key."""
    entries = column.values
    offsets = column.offsets.cast(pa.int32())
    keys, values = entries.field(0).cast(wanted.key_type), entries.field(1).cast(wanted.item_type)
    return pa.MapArray.from_arrays(offsets, keys, values, wanted, mask=column.is_null())


def _is_text(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.String | pl.Categorical | pl.Enum)


def _is_mapping(dtype: pl.DataType) -> bool:
    if isinstance(dtype, pl.List) and isinstance(dtype.inner, pl.Struct):
        return [field.name for field in dtype.inner.fields] == ["key", "value"]
    return type(dtype).__name__ == "Map"  # a Polars type since 2.0


FITS: dict[type[FieldType], Callable[[pl.DataType], bool]] = {
    Integer: lambda dtype: dtype.is_integer(),
    Float: lambda dtype: dtype.is_float() or dtype.is_integer(),
    Boolean: lambda dtype: isinstance(dtype, pl.Boolean),
    Date: lambda dtype: isinstance(dtype, pl.Date),
    Timestamp: lambda dtype: isinstance(dtype, pl.Datetime),
    TextList: lambda dtype: isinstance(dtype, pl.List) and (_is_text(dtype.inner) or dtype.inner == pl.Null),  # type: ignore[arg-type]
    TextMap: _is_mapping,
    NumberMap: _is_mapping,
}
"""Which Polars types a field type takes; text types are those not named here."""


def _fits(field_type: FieldType, dtype: pl.DataType) -> bool:
    return FITS.get(type(field_type), _is_text)(dtype)


def _canonical_identifiers(payload_type: PayloadType, series: pl.Series) -> pl.Series:
    prefix = payload_type.prefix
    is_full = series.str.starts_with(f"{prefix}/")
    if is_full.all(ignore_nulls=True):
        return series
    first = series.str.split_exact("/", 1).struct.field("field_0")
    others = [known for known, canonical in registry().canonical_prefix.items() if canonical != prefix]
    foreign = series.filter(series.str.contains("/", literal=True) & first.is_in(others))
    if len(foreign):
        raise UnexpectedPayload.from_identifiers(foreign.to_list(), prefix)
    bare = series.str.strip_prefix(f"{payload_type.plural_prefix}/")
    return pl.select(pl.when(is_full).then(series).otherwise(prefix + "/" + bare)).to_series()


def _canonical_parents(series: pl.Series) -> pl.Series:
    first = series.str.split_exact("/", 1).struct.field("field_0")
    plural = {known: prefix for known, prefix in registry().canonical_prefix.items() if known != prefix}
    if not first.is_in(list(plural)).any():
        return series
    canonical = first.replace(plural)
    rest = series.str.slice(first.str.len_chars())
    return canonical + rest


def _instants(payload_type: PayloadType, series: pl.Series) -> pl.Series:
    """Instants in microseconds UTC; a naive column is taken as UTC, and said so."""
    dtype = series.dtype
    assert isinstance(dtype, pl.Datetime)  # noqa: S101 - FITS has checked
    if dtype.time_unit == "ns":
        finer = series.to_physical() % NANOSECONDS_PER_MICROSECOND != 0
        if finer.any():
            rows = finer.arg_true().to_list()
            raise ValidationFailed.from_violations(
                [
                    {
                        "resource_type": payload_type.prefix,
                        "row": row,
                        "identifier": None,
                        "field": series.name,
                        "problem": "is finer than a microsecond, which could not be kept",
                        "value": str(series[row]),
                    }
                    for row in rows
                ]
            )
    if dtype.time_zone is None:
        warnings.warn(
            f"{series.name} has no time zone and is taken as UTC", NaiveTimestampWarning, stacklevel=2
        )
        return series.dt.replace_time_zone("UTC").dt.cast_time_unit("us")
    return series.dt.convert_time_zone("UTC").dt.cast_time_unit("us")
