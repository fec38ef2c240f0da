"""Columns whose values have another form than their field: converted if nothing is lost, else refused."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from vxdata.schemas.notation.stack import level_of_user
from vxdata.schemas.types.pydantic import NaiveTimestampWarning, day, instant

if TYPE_CHECKING:
    from collections.abc import Callable

    from vxdata.sdk._conversion.frames import FrameRows

NANOSECONDS_PER_MICROSECOND: Final = 1000
MICROSECONDS_PER: Final = {"ms": 1000, "us": 1}
FIRST_MICROSECOND: Final = -62_135_596_800_000_000
"""The beginning of year 1: Python, and so every model, has no earlier instant …"""
LAST_MICROSECOND: Final = 253_402_300_799_999_999
"""… and none after the end of year 9999."""
LARGEST_EXACT: Final = 2**53
"""From it on, a double no longer tells every integer from the next."""

UTC_INSTANT: Final = pl.Datetime("us", "UTC")


def integers(rows: FrameRows, series: pl.Series) -> pl.Series:
    """Integers of any width, and floats that are whole: pandas makes floats of integers with nulls."""
    if series.dtype.is_float():
        is_whole = ((series == series.floor()) & series.is_finite()).fill_null(value=False)
        remedy = "is no whole number; round it, or make what is missing null: .fill_nan(None)"
        rows.refuse_if_any(series.is_not_null() & ~is_whole, series, remedy)
        is_exact = (series.abs() < LARGEST_EXACT).fill_null(value=True)
        rows.refuse_if_any(~is_exact, series, "may have been another integer before it became a double")
    cast = series.cast(pl.Int64, strict=False)
    rows.refuse_if_any(cast.is_null() & series.is_not_null(), series, "does not fit into 64 bits")
    return cast


def numbers(rows: FrameRows, series: pl.Series) -> pl.Series:
    """Floats, and integers that a double holds exactly."""
    if series.dtype.is_integer():
        # Null beyond 64 bits; in narrower types the bounds themselves would not fit.
        is_exact = series.cast(pl.Int64, strict=False).is_between(-LARGEST_EXACT, LARGEST_EXACT)
        is_wrong = series.is_not_null() & ~is_exact.fill_null(value=False)
        rows.refuse_if_any(is_wrong, series, "is an integer too large for a double")
    return series.cast(pl.Float64)


def mappings(rows: FrameRows, series: pl.Series) -> pl.Series:
    """Mappings whose keys are all there."""
    if isinstance(series.dtype, pl.List):  # a Polars Map has no null keys
        key = pl.element().struct.field("key")
        wrong = series.list.eval(key.is_null()).list.any().fill_null(value=False)
        rows.refuse_if_any(wrong, series, "has a key that is null")
    return series


def days(rows: FrameRows, series: pl.Series) -> pl.Series:
    """Days, ISO texts of days, and instants at midnight: pandas has no other days."""
    if isinstance(series.dtype, pl.Datetime):
        is_day = series.dt.truncate("1d") == series
        rows.refuse_if_any(
            series.is_not_null() & ~is_day, series, "is an instant, not a day; convert it with .dt.date()"
        )
        return series.cast(pl.Date)
    if series.dtype == pl.Date:
        return series
    remedy = "is no day in ISO 8601, such as 2025-01-31; convert it with .str.to_date(format)"
    return _read(rows, series.cast(pl.String), day, pl.Date(), remedy)


def instants(rows: FrameRows, series: pl.Series) -> pl.Series:
    """Instants in microseconds UTC, or ISO texts of them; without a time zone, they are taken as UTC."""
    dtype = series.dtype
    if not isinstance(dtype, pl.Datetime):
        return _instants_of_texts(rows, series.cast(pl.String))
    if dtype.time_zone is None:
        _warn_of_no_zone(series)
    return pl.Series(series.name, _microseconds(rows, series, dtype.time_unit), pl.Int64).cast(UTC_INSTANT)


def _instants_of_texts(rows: FrameRows, series: pl.Series) -> pl.Series:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", NaiveTimestampWarning)
        remedy = (
            "is no instant in ISO 8601 to the microsecond, such as 2025-01-31T12:00:00Z; "
            "convert it with .str.to_datetime(format, time_zone='UTC')"
        )
        read = _read(rows, series, instant, UTC_INSTANT, remedy)
    if caught:
        _warn_of_no_zone(series)
    return read


def _read(
    rows: FrameRows, series: pl.Series, read: Callable[[object], Any], dtype: pl.DataType, remedy: str
) -> pl.Series:
    """Read texts as models do; each different one once."""
    known = series.drop_nulls().unique()
    values = [_read_or_none(read, text) for text in known]
    found = series.replace_strict(known, pl.Series(values, dtype=dtype), default=None, return_dtype=dtype)
    rows.refuse_if_any(found.is_null() & series.is_not_null(), series, remedy)
    return found


def _read_or_none(read: Callable[[object], Any], text: str) -> Any:
    try:
        return read(text)
    except ValueError:
        return None


def _warn_of_no_zone(series: pl.Series) -> None:
    message = f"{series.name} has no time zone and is taken as UTC"
    warnings.warn(message, NaiveTimestampWarning, stacklevel=level_of_user())


def _microseconds(rows: FrameRows, series: pl.Series, time_unit: str) -> pl.Series:
    count = series.to_physical()
    if time_unit == "ns":
        is_finer = count % NANOSECONDS_PER_MICROSECOND != 0
        remedy = "is finer than a microsecond, which could not be kept; round it with .dt.round('1us')"
        rows.refuse_if_any(is_finer, series, remedy)
        return count // NANOSECONDS_PER_MICROSECOND
    factor = MICROSECONDS_PER[time_unit]
    is_known = count.is_between(FIRST_MICROSECOND // factor, LAST_MICROSECOND // factor)
    rows.refuse_if_any(~is_known, count, f"({time_unit} since 1970) lies outside the years 1 to 9999")
    return count * factor
