"""The mapping from field types to Polars: data types, checks of columns, and literals."""

from __future__ import annotations

import warnings
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
from vxdata.schemas.types.pydantic import NaiveTimestampWarning

if TYPE_CHECKING:
    from collections.abc import Callable

    from vxdata.schemas.fields import FieldType
    from vxdata.sdk._conversion.frames import FrameRows

NANOSECONDS_PER_MICROSECOND: Final = 1000
MICROSECONDS_PER: Final = {"ms": 1000, "us": 1}
FIRST_MICROSECOND: Final = -62_135_596_800_000_000
"""The beginning of year 1: Python, and so every model, has no earlier instant …"""
LAST_MICROSECOND: Final = 253_402_300_799_999_999
"""… and none after the end of year 9999."""
LARGEST_EXACT: Final = 2**53
"""Above it a double no longer tells every integer from the next."""

WARNING_LEVEL: Final = 6
"""Stack frames from the warning up to the user's call of `create`, so that it names that line."""


def _is_text(dtype: object) -> bool:
    return isinstance(dtype, pl.String | pl.Categorical | pl.Enum)


def _is_number(dtype: pl.DataType) -> bool:
    return dtype.is_float() or dtype.is_integer()


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


def _integers(rows: FrameRows, series: pl.Series) -> pl.Series:
    cast = series.cast(pl.Int64, strict=False)
    rows.refuse_if_any(cast.is_null() & series.is_not_null(), series, "does not fit into 64 bits")
    return cast


def _numbers(rows: FrameRows, series: pl.Series) -> pl.Series:
    if series.dtype.is_integer():
        # Null beyond 64 bits; in narrower types the bounds themselves would not fit.
        is_exact = series.cast(pl.Int64, strict=False).is_between(-LARGEST_EXACT, LARGEST_EXACT)
        is_wrong = series.is_not_null() & ~is_exact.fill_null(value=False)
        rows.refuse_if_any(is_wrong, series, "is an integer too large for a double")
    return series.cast(pl.Float64)


def _mappings(rows: FrameRows, series: pl.Series) -> pl.Series:
    if isinstance(series.dtype, pl.List):  # a Polars Map has no null keys
        key = pl.element().struct.field("key")
        wrong = series.list.eval(key.is_null()).list.any().fill_null(value=False)
        rows.refuse_if_any(wrong, series, "has a key that is null")
    return series


def _instants(rows: FrameRows, series: pl.Series) -> pl.Series:
    """Instants in microseconds UTC; a naive column is taken as UTC, and said so."""
    dtype = series.dtype
    assert isinstance(dtype, pl.Datetime)  # noqa: S101 - `fits` has checked
    if dtype.time_zone is None:
        warnings.warn(
            f"{series.name} has no time zone and is taken as UTC",
            NaiveTimestampWarning,
            stacklevel=WARNING_LEVEL,
        )
    return pl.Series(series.name, _microseconds(rows, series, dtype.time_unit), pl.Int64).cast(
        pl.Datetime("us", "UTC")
    )


def _microseconds(rows: FrameRows, series: pl.Series, time_unit: str) -> pl.Series:
    count = series.to_physical()
    if time_unit == "ns":
        is_finer = count % NANOSECONDS_PER_MICROSECOND != 0
        rows.refuse_if_any(is_finer, series, "is finer than a microsecond, which could not be kept")
        return count // NANOSECONDS_PER_MICROSECOND
    factor = MICROSECONDS_PER[time_unit]
    is_known = count.is_between(FIRST_MICROSECOND // factor, LAST_MICROSECOND // factor)
    rows.refuse_if_any(~is_known, count, f"({time_unit} since 1970) lies outside the years 1 to 9999")
    return count * factor


@dataclass(frozen=True)
class PolarsType:
    """The mapping of one field type to Polars.

    Args:
        fits: Whether a column of a Polars type can be uploaded into the field.
        literal: The type of what the field is compared with; None if it is not compared as a whole.
        exact: Checks a column that fits, and converts it so that Arrow keeps every value; None where Arrow
            does so by itself.
    """

    fits: Callable[[pl.DataType], bool]
    literal: pl.DataType | None
    exact: Callable[[FrameRows, pl.Series], pl.Series] | None = None


_TEXT: Final = PolarsType(_is_text, pl.String())

POLARS_TYPES: Final[dict[type[FieldType], PolarsType]] = {
    Text: _TEXT,
    Enum: _TEXT,
    BlobUrl: _TEXT,
    Integer: PolarsType(lambda dtype: dtype.is_integer(), pl.Int64(), _integers),
    Float: PolarsType(_is_number, pl.Float64(), _numbers),
    Boolean: PolarsType(lambda dtype: isinstance(dtype, pl.Boolean), pl.Boolean()),
    Date: PolarsType(lambda dtype: isinstance(dtype, pl.Date), pl.Date()),
    Timestamp: PolarsType(lambda dtype: isinstance(dtype, pl.Datetime), pl.Datetime("us", "UTC"), _instants),
    TextList: PolarsType(_is_text_list, None),
    TextMap: PolarsType(_maps_to(_is_text), None, _mappings),
    NumberMap: PolarsType(_maps_to(_is_number), None, _mappings),
}
"""Field type to what it is in Polars."""
