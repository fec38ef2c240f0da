"""Cleaning: values that a field cannot hold are changed by rule, and every change is counted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import polars as pl

from vxdata.schemas.fields import CONTROL_CHARACTERS, Date, Enum, Float, Integer, Text

if TYPE_CHECKING:
    from vxdata.schemas.fields import Field

REPLACEMENT: Final = "\ufffd"
"""Stands in the place of a control character, so that readers see that something was there."""


class Changes(Counter[str]):
    """How many values were changed, by a sentence that says how."""


def replace_controls(series: pl.DataFrame, changes: Changes) -> pl.DataFrame:
    """Replace the control characters in all text columns.

    Args:
        series: Any frame.
        changes: Takes up the number of changed values, by column.

    Returns:
        The frame with clean text.
    """
    for name in series.select(pl.col(pl.String)).columns:
        damaged = int(series[name].str.contains(CONTROL_CHARACTERS).sum())
        if damaged:
            changes[f"{name}: control characters replaced by U+FFFD"] += damaged
            series = series.with_columns(pl.col(name).str.replace_all(CONTROL_CHARACTERS, REPLACEMENT))
    return series


def drop_misfits(frame: pl.DataFrame, fields: dict[str, Field], changes: Changes) -> pl.DataFrame:
    """Make null what breaks the constraints of its field.

    Args:
        frame: Columns named like fields, of the fields' types.
        fields: The fields by name.
        changes: Takes up the number of values lost, by column.

    Returns:
        A frame that holds valid values only, save for nulls in required fields.
    """
    for name in frame.columns:
        fits = _fits(fields[name], pl.col(name))
        misfits = frame.select((~fits).sum()).item()
        if misfits:
            changes[f"{name}: values outside the field's constraints made null"] += misfits
            frame = frame.with_columns(pl.when(fits).then(pl.col(name)).alias(name))
    return frame


def _fits(field: Field, column: pl.Expr) -> pl.Expr:
    """Whether a value obeys its field; null for null."""
    match field.type:
        case Enum(values=values):
            return column.is_in(list(values))
        case Text(pattern=pattern, max_length=max_length):
            short = column.str.len_chars() <= max_length
            return short if pattern is None else short & column.str.contains(pattern)
        case Integer(ge=ge, le=le):
            return column.is_between(ge, le)
        case Float(ge=ge, le=le, gt=gt):
            bounds = [column >= ge if ge is not None else None, column <= le if le is not None else None]
            bounds += [column.is_finite(), column > gt if gt is not None else None]
            return pl.all_horizontal(bound for bound in bounds if bound is not None)
        case Date(ge=ge, le=le):
            return column.is_between(ge, le)
        case _:
            return column.is_not_null() | pl.lit(value=True)
