"""Polars frames as uploads: columns are fields, checked and cast without a look at single rows."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl
import pyarrow as pa

from vxdata.schemas.errors import FieldTypeMismatch, UnexpectedPayload, UnknownField, ValidationFailed
from vxdata.schemas.fields import Boolean, Date, Float, Integer, NumberMap, TextList, TextMap, Timestamp
from vxdata.schemas.registry import registry
from vxdata.schemas.types.arrow import arrow_type
from vxdata.schemas.types.pydantic import NaiveTimestampWarning
from vxdata.schemas.uploads import demanded_columns, upload_fields
from vxdata.schemas.violations import MAX_VIOLATIONS, abridged_value

if TYPE_CHECKING:
    from collections.abc import Callable

    from vxdata.schemas.fields import Field, FieldType
    from vxdata.schemas.payload_type import PayloadType
    from vxdata.schemas.wire import Verb

NANOSECONDS_PER_MICROSECOND: Final = 1000
MICROSECONDS_PER: Final = {"ms": 1000, "us": 1}
FIRST_MICROSECOND: Final = -62_135_596_800_000_000
"""The beginning of year 1: Python, and so every model, has no earlier instant …"""
LAST_MICROSECOND: Final = 253_402_300_799_999_999
"""… and none after the end of year 9999."""
LARGEST_EXACT: Final = 2**53
"""Above it a double no longer tells every integer from the next."""

CHUNK_BYTES: Final = 256 * 1024 * 1024
"""Size of a chunk of a column, on average; Arrow's text arrays hold 2 GiB at most."""

WARNING_LEVEL: Final = 6
"""Stack frames from the warning up to the user's call of `create`, so that it names that line."""


def table_from_frame(payload_type: PayloadType, frame: pl.DataFrame, verb: Verb = "create") -> pa.Table:
    """Bring a frame into the Arrow types of a payload type.

    Text columns may be categorical, numbers of any width; nothing is converted that could lose
    information. A bare or plural identifier gets its canonical prefix.

    Args:
        payload_type: What the rows are.
        frame: Columns named like fields; a create makes null what is missing, an update keeps it.
        verb: What the rows are for, which decides the columns that they may and must have.

    Returns:
        The table to upload.

    Raises:
        UnknownField: Columns that the type does not have.
        FieldTypeMismatch: A column whose type does not fit its field.
        UnexpectedPayload: Identifiers of another payload type.
        ValidationFailed: A required column is missing, or a value could not be kept exactly.
    """
    fields = {field.name: field for field in upload_fields(payload_type, verb)}
    unknown = [name for name in frame.columns if name not in fields]
    if unknown:
        raise UnknownField.from_names(payload_type.prefix, unknown, fields)
    _require_columns(payload_type, frame, verb)
    rows = Rows(payload_type, frame)
    columns = {}
    for series in frame:  # no comprehension: it is a stack frame of its own in some versions of Python
        columns[series.name] = _column(rows, fields[series.name], series)
    return pa.table(columns)


@dataclass(frozen=True)
class Rows:
    """A frame and what its rows are, for messages that name them.

    Args:
        payload_type: What the rows are.
        frame: The rows.
    """

    payload_type: PayloadType
    frame: pl.DataFrame

    def refuse_if_any(self, wrong: pl.Series, series: pl.Series, problem: str) -> None:
        """Raise if values are wrong.

        Args:
            wrong: True where they are.
            series: The values.
            problem: What is wrong with them.

        Raises:
            ValidationFailed: At least one is.
        """
        positions = wrong.arg_true()
        if positions.is_empty():
            return
        violations = [
            {
                "resource_type": self.payload_type.prefix,
                "row": row,
                "identifier": self._identifier(row),
                "field": series.name,
                "problem": problem,
                "value": abridged_value(series[row]),
            }
            for row in positions.head(MAX_VIOLATIONS)
        ]
        raise ValidationFailed.from_violations(violations, count=len(positions))

    def _identifier(self, row: int) -> str | None:
        value = self.frame["identifier"][row]
        return value if isinstance(value, str) else None


def _require_columns(payload_type: PayloadType, frame: pl.DataFrame, verb: Verb) -> None:
    missing = [name for name in demanded_columns(payload_type, verb) if name not in frame.columns]
    if not missing:
        return
    violations = [
        {
            "resource_type": payload_type.prefix,
            "row": None,
            "identifier": None,
            "field": name,
            "problem": "is required, but its column is missing",
            "value": None,
        }
        for name in missing
    ]
    msg = f"A frame of {payload_type.prefix} needs the columns {', '.join(missing)} too."
    raise ValidationFailed(msg, violations=violations, count=len(violations))


def _column(rows: Rows, field: Field, series: pl.Series) -> pa.ChunkedArray:
    wanted = arrow_type(field.type)
    if series.dtype == pl.Null:
        return pa.chunked_array([pa.nulls(len(series), wanted)])
    if not _fits(field.type, series.dtype):
        raise _mismatch(rows.payload_type, field, series.dtype)
    if field.name == "identifier":
        series = _canonical_identifiers(rows.payload_type, series.cast(pl.String))
    elif field.name == "parent_identifier":
        series = _canonical_parents(series.cast(pl.String))
    elif type(field.type) in EXACT:
        series = EXACT[type(field.type)](rows, series)
    return _arrow(series, wanted)


def _mismatch(payload_type: PayloadType, field: Field, dtype: pl.DataType) -> FieldTypeMismatch:
    hint = " Only models take local files: client.storage.upload gives URLs." if field.holds_blobs else ""
    return FieldTypeMismatch(
        f"{payload_type.prefix}.{field.name} is of type {type(field.type).__name__.lower()}; "
        f"a column of {dtype} does not fit.{hint}",
        resource_type=payload_type.prefix,
        field=field.name,
        wanted=str(arrow_type(field.type)),
        got=str(dtype),
    )


def _arrow(series: pl.Series, wanted: pa.DataType, most_bytes: int = CHUNK_BYTES) -> pa.ChunkedArray:
    """Convert piece by piece, as a column of text may be longer than one Arrow array can be."""
    bytes_per_row = max(series.estimated_size() / max(len(series), 1), 1)
    size = max(int(most_bytes / bytes_per_row), 1)
    pieces = [_arrow_piece(series.slice(start, size), wanted) for start in range(0, len(series), size)]
    return pa.chunked_array(pieces, wanted)


def _arrow_piece(series: pl.Series, wanted: pa.DataType) -> pa.Array:
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


# --- which Polars types a field takes ---


def _is_text(dtype: object) -> bool:
    return isinstance(dtype, pl.String | pl.Categorical | pl.Enum)


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


FITS: Final[dict[type[FieldType], Callable[[pl.DataType], bool]]] = {
    Integer: lambda dtype: dtype.is_integer(),
    Float: lambda dtype: dtype.is_float() or dtype.is_integer(),
    Boolean: lambda dtype: isinstance(dtype, pl.Boolean),
    Date: lambda dtype: isinstance(dtype, pl.Date),
    Timestamp: lambda dtype: isinstance(dtype, pl.Datetime),
    TextList: _is_text_list,
    TextMap: _maps_to(_is_text),
    NumberMap: _maps_to(lambda dtype: dtype.is_float() or dtype.is_integer()),
}
"""Which Polars types a field type takes; text types are those not named here."""


def _fits(field_type: FieldType, dtype: pl.DataType) -> bool:
    return FITS.get(type(field_type), _is_text)(dtype)


# --- identifiers in their canonical form ---


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


# --- values that must be kept exactly ---


def _integers(rows: Rows, series: pl.Series) -> pl.Series:
    cast = series.cast(pl.Int64, strict=False)
    rows.refuse_if_any(cast.is_null() & series.is_not_null(), series, "does not fit into 64 bits")
    return cast


def _numbers(rows: Rows, series: pl.Series) -> pl.Series:
    if series.dtype.is_integer():
        # Null beyond 64 bits; in narrower types the bounds themselves would not fit.
        is_exact = series.cast(pl.Int64, strict=False).is_between(-LARGEST_EXACT, LARGEST_EXACT)
        is_wrong = series.is_not_null() & ~is_exact.fill_null(value=False)
        rows.refuse_if_any(is_wrong, series, "is an integer too large for a double")
    return series.cast(pl.Float64)


def _mappings(rows: Rows, series: pl.Series) -> pl.Series:
    if isinstance(series.dtype, pl.List):  # a Polars Map has no null keys
        key = pl.element().struct.field("key")
        wrong = series.list.eval(key.is_null()).list.any().fill_null(value=False)
        rows.refuse_if_any(wrong, series, "has a key that is null")
    return series


def _instants(rows: Rows, series: pl.Series) -> pl.Series:
    """Instants in microseconds UTC; a naive column is taken as UTC, and said so."""
    dtype = series.dtype
    assert isinstance(dtype, pl.Datetime)  # noqa: S101 - FITS has checked
    if dtype.time_zone is None:
        warnings.warn(
            f"{series.name} has no time zone and is taken as UTC",
            NaiveTimestampWarning,
            stacklevel=WARNING_LEVEL,
        )
    return pl.Series(series.name, _microseconds(rows, series, dtype.time_unit), pl.Int64).cast(
        pl.Datetime("us", "UTC")
    )


def _microseconds(rows: Rows, series: pl.Series, time_unit: str) -> pl.Series:
    count = series.to_physical()
    if time_unit == "ns":
        is_finer = count % NANOSECONDS_PER_MICROSECOND != 0
        rows.refuse_if_any(is_finer, series, "is finer than a microsecond, which could not be kept")
        return count // NANOSECONDS_PER_MICROSECOND
    factor = MICROSECONDS_PER[time_unit]
    is_known = count.is_between(FIRST_MICROSECOND // factor, LAST_MICROSECOND // factor)
    rows.refuse_if_any(~is_known, count, f"({time_unit} since 1970) lies outside the years 1 to 9999")
    return count * factor


EXACT: Final[dict[type[FieldType], Callable[[Rows, pl.Series], pl.Series]]] = {
    Integer: _integers,
    Float: _numbers,
    TextMap: _mappings,
    NumberMap: _mappings,
    Timestamp: _instants,
}
"""What is checked and converted before Arrow sees it."""
