"""The mapping from field types to Polars: data types, checks of columns, and literals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from vxdata.schemas.fields import (
    BlobUrl,
    Boolean,
    Date,
    Enum,
    Float,
    Integer,
    NumberMap,
    Text,
    TextList,
    TextMap,
    Timestamp,
)
from vxdata.sdk._conversion import exact

if TYPE_CHECKING:
    from collections.abc import Callable

    from vxdata.schemas.fields import FieldType
    from vxdata.sdk._conversion.frames import FrameRows


def _is_text(dtype: object) -> bool:
    return isinstance(dtype, pl.String | pl.Categorical | pl.Enum)


def _is_number(dtype: pl.DataType) -> bool:
    return dtype.is_float() or dtype.is_integer()


def _is_day(dtype: pl.DataType) -> bool:
    is_moment = isinstance(dtype, pl.Datetime) and dtype.time_zone is None
    return is_moment or isinstance(dtype, pl.Date) or _is_text(dtype)


def _is_instant(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.Datetime) or _is_text(dtype)


def _is_text_list(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.List) and (_is_text(dtype.inner) or dtype.inner == pl.Null)


def _maps_to(is_value: Callable[[pl.DataType], bool]) -> Callable[[pl.DataType], bool]:
    """Test for a mapping of text to values of some type."""

    def is_mapping(dtype: pl.DataType) -> bool:
        if type(dtype).__name__ == "Map":  # a Polars type since 2.0
            key, value = dtype.key, dtype.value  # type: ignore[attr-defined] # not there in older versions
        elif isinstance(dtype, pl.List) and isinstance(dtype.inner, pl.Struct):
            fields = {field.name: field.dtype for field in dtype.inner.fields}
            if list(fields) != ["key", "value"]:
                return False
            key, value = fields["key"], fields["value"]
        else:
            return False
        return (_is_text(key) or key == pl.Null) and (is_value(value) or value == pl.Null)

    return is_mapping


@dataclass(frozen=True)
class PolarsType:
    """The mapping of one field type to Polars.

    Args:
        fits: Whether a column of a Polars type can be uploaded into the field.
        remedy: What to do with a column that does not fit.
        literal: The type of what the field is compared with; None if it is not compared as a whole.
        exact: Checks a column that fits, and converts it so that Arrow keeps every value; None where Arrow
            does so by itself.
    """

    fits: Callable[[pl.DataType], bool]
    remedy: str
    literal: pl.DataType | None
    exact: Callable[[FrameRows, pl.Series], pl.Series] | None = None


_TEXT: Final = PolarsType(_is_text, ".cast(pl.String)", pl.String())
_MAP_REMEDY: Final = "a list of structs of key and value, or a Map"

POLARS_TYPES: Final[dict[type[FieldType], PolarsType]] = {
    Text: _TEXT,
    Enum: _TEXT,
    BlobUrl: _TEXT,
    Integer: PolarsType(_is_number, ".cast(pl.Int64)", pl.Int64(), exact.integers),
    Float: PolarsType(_is_number, ".cast(pl.Float64)", pl.Float64(), exact.numbers),
    Boolean: PolarsType(lambda dtype: isinstance(dtype, pl.Boolean), ".cast(pl.Boolean)", pl.Boolean()),
    Date: PolarsType(_is_day, ".dt.date()", pl.Date(), exact.days),
    Timestamp: PolarsType(_is_instant, ".cast(pl.Datetime)", exact.UTC_INSTANT, exact.instants),
    TextList: PolarsType(_is_text_list, ".cast(pl.List(pl.String))", None),
    TextMap: PolarsType(_maps_to(_is_text), _MAP_REMEDY, None, exact.mappings),
    NumberMap: PolarsType(_maps_to(_is_number), _MAP_REMEDY, None, exact.mappings),
}
"""Field type to what it is in Polars."""
