"""Polars frames as uploads: columns are fields, checked and cast without a look at single rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl
import pyarrow as pa

from vxdata.schemas.errors import FieldTypeMismatch, UnexpectedPayload, UnknownField, ValidationFailed
from vxdata.schemas.types.arrow import arrow_type, response_schema
from vxdata.schemas.violations import MAX_VIOLATIONS, abridged_value
from vxdata.schemas.wire.uploads import demanded_columns, upload_fields
from vxdata.sdk._conversion.polars_types import POLARS_TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vxdata.schemas.catalog.registry import Registry
    from vxdata.schemas.fields import Field
    from vxdata.schemas.payload_type import PayloadType
    from vxdata.schemas.wire import Verb

CHUNK_BYTES: Final = 256 * 1024 * 1024
"""Size of a chunk of a column, on average; Arrow's text arrays hold 2 GiB at most."""


def table_from_frame(
    registry: Registry,
    payload_type: PayloadType,
    frame: pl.DataFrame,
    verb: Verb = "create",
    first_row: int = 0,
) -> pa.Table:
    """Bring a frame into the Arrow types of a payload type.

    Text columns may be categorical, numbers of any width; nothing is converted that could lose
    information. A bare or plural identifier gets its canonical prefix.

    Args:
        registry: All payload types, whose prefixes identifiers and parents may have.
        payload_type: What the rows are.
        frame: Columns named like fields; a create makes null what is missing, an update keeps it.
        verb: What the rows are for, which decides the columns that they may and must have.
        first_row: Number of the first row, where the frame is a part of more.

    Returns:
        The table to upload.

    Raises:
        UnknownField: Columns that the type does not have, or that the server derives.
        FieldTypeMismatch: A column whose type does not fit its field.
        UnexpectedPayload: Identifiers of another payload type.
        ValidationFailed: A required column is missing, or a value could not be kept exactly.
    """
    fields = {field.name: field for field in upload_fields(payload_type, verb)}
    _refuse_others(payload_type, frame, fields)
    _require_columns(payload_type, frame, verb)
    rows = FrameRows(payload_type, frame, first_row)
    columns, problems = {}, []
    for series in frame:  # no comprehension: it is a stack frame of its own in some versions of Python
        try:
            columns[series.name] = _column(registry, rows, fields[series.name], series)
        except ValidationFailed as problem:
            problems.append(problem)
    if problems:
        raise _together(problems)
    return pa.table(columns)


def _together(problems: list[ValidationFailed]) -> ValidationFailed:
    """One error for what is wrong in several columns."""
    violations = [violation for problem in problems for violation in problem.details["violations"]]
    count = sum(problem.details["count"] for problem in problems)
    return ValidationFailed.from_violations(violations[:MAX_VIOLATIONS], count=count)


@dataclass(frozen=True)
class FrameRows:
    """A frame and what its rows are, for messages that name them.

    Args:
        payload_type: What the rows are.
        frame: The rows.
        first_row: Number of the first of them.
    """

    payload_type: PayloadType
    frame: pl.DataFrame
    first_row: int = 0

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
                "row": self.first_row + row,
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


def _refuse_others(payload_type: PayloadType, frame: pl.DataFrame, fields: Mapping[str, Field]) -> None:
    others = [name for name in frame.columns if name not in fields]
    derived = [name for name in others if name in response_schema(payload_type).names]
    if derived:
        msg = (
            f"{', '.join(derived)} {'is' if len(derived) == 1 else 'are'} derived by the server: leave out "
            f"what a read adds, in Polars by frame.drop({derived!r})."
        )
        raise UnknownField(msg, resource_type=payload_type.prefix, fields=derived, derived=derived)
    if others:
        raise UnknownField.from_names(payload_type.prefix, others, fields)


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


def _column(registry: Registry, rows: FrameRows, field: Field, series: pl.Series) -> pa.ChunkedArray:
    wanted = arrow_type(field.type)
    # Where nothing is stated, the type is a guess of whoever made the frame, such as a reader of CSV.
    if series.null_count() == len(series):
        return pa.chunked_array([pa.nulls(len(series), wanted)])
    polars = POLARS_TYPES[type(field.type)]
    if not polars.fits(series.dtype):
        raise _mismatch(rows.payload_type, field, series.dtype)
    if field.name == "identifier":
        series = _canonical_identifiers(registry, rows.payload_type, series.cast(pl.String))
    elif field.name == "parent_identifier":
        series = _canonical_parents(registry, series.cast(pl.String))
    elif polars.exact is not None:
        series = polars.exact(rows, series)
    return _arrow(series, wanted)


def _mismatch(payload_type: PayloadType, field: Field, dtype: pl.DataType) -> FieldTypeMismatch:
    remedy = POLARS_TYPES[type(field.type)].remedy
    hint = (
        " Only models take local files: client.storage.upload gives URLs."
        if field.holds_blobs
        else f" Convert it first, to what the field holds: {remedy}."
    )
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


# --- identifiers in their canonical form ---


def _canonical_identifiers(registry: Registry, payload_type: PayloadType, series: pl.Series) -> pl.Series:
    prefix = payload_type.prefix
    is_full = series.str.starts_with(f"{prefix}/")
    if is_full.all(ignore_nulls=True):
        return series
    first = series.str.split_exact("/", 1).struct.field("field_0")
    others = [known for known, canonical in registry.canonical_prefix.items() if canonical != prefix]
    foreign = series.filter(series.str.contains("/", literal=True) & first.is_in(others))
    if len(foreign):
        raise UnexpectedPayload.from_identifiers(foreign.to_list(), prefix)
    bare = series.str.strip_prefix(f"{payload_type.plural_prefix}/")
    return pl.select(pl.when(is_full).then(series).otherwise(prefix + "/" + bare)).to_series()


def _canonical_parents(registry: Registry, series: pl.Series) -> pl.Series:
    first = series.str.split_exact("/", 1).struct.field("field_0")
    plural = {known: prefix for known, prefix in registry.canonical_prefix.items() if known != prefix}
    if not first.is_in(list(plural)).any():
        return series
    canonical = first.replace(plural)
    rest = series.str.slice(first.str.len_chars())
    return canonical + rest


def frame_of(table: pa.Table) -> pl.DataFrame:
    """Hand rows over to Polars, without a copy.

    Args:
        table: Rows in the registry's Arrow types.

    Returns:
        The frame.
    """
    frame = pl.from_arrow(table, rechunk=False)
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - a table never becomes a series
    return frame
