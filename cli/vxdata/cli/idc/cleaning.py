"""Cleaning: values that a field cannot hold are changed by rule, and every change is counted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import polars as pl

from vxdata.schemas.fields import (
    CONTROL_CHARACTERS,
    MAX_TEXT_LENGTH,
    BlobUrl,
    Date,
    Enum,
    Float,
    Integer,
    Text,
    TextList,
)
from vxdata.schemas.types.object_url import problems_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vxdata.schemas.fields import Field

REPLACEMENT: Final = "\ufffd"
"""Stands in the place of a control character, so that readers see that something was there."""


class Changes(Counter[str]):
    """How many values were changed, by a sentence that says how."""

    def note(self, sentence: str, count: int) -> None:
        """Add to a count; what did not happen is not noted.

        Args:
            sentence: What was done to the values.
            count: To how many.
        """
        if count:
            self[sentence] += count


def replace_controls(frame: pl.DataFrame, changes: Changes) -> pl.DataFrame:
    """Replace the control characters in all text columns.

    Args:
        frame: Any frame.
        changes: Takes up the number of changed values, by column.

    Returns:
        The frame with clean text.
    """
    for name in frame.select(pl.col(pl.String)).columns:
        damaged = int(frame[name].str.contains(CONTROL_CHARACTERS).sum())
        changes.note(f"{name}: control characters replaced by U+FFFD", damaged)
        if damaged:
            frame = frame.with_columns(pl.col(name).str.replace_all(CONTROL_CHARACTERS, REPLACEMENT))
    return frame


def write_capitals(frame: pl.DataFrame, names: Iterable[str], changes: Changes) -> pl.DataFrame:
    """Write codes in capitals, as DICOM defines them.

    Args:
        frame: Any frame.
        names: Text columns that hold codes.
        changes: Takes up the number of changed values, by column.

    Returns:
        The frame with these columns in capitals.
    """
    for name in names:
        capitals = frame[name].str.to_uppercase()
        changes.note(f"{name}: written in capitals", int((capitals != frame[name]).sum()))
        frame = frame.with_columns(capitals)
    return frame


def drop_misfits(
    frame: pl.DataFrame, resource_type: str, fields: Mapping[str, Field], changes: Changes
) -> pl.DataFrame:
    """Make null what breaks the constraints of its field; drop the items of lists that do.

    Args:
        frame: Columns named like fields, of the fields' types.
        resource_type: The type that has the fields.
        fields: The fields by name.
        changes: Takes up the number of values lost, by column.

    Returns:
        A frame that holds valid values only, save for nulls in required fields.
    """
    for name in frame.columns:
        field, column = fields[name], pl.col(name)
        if isinstance(field.type, TextList):
            kept = column.list.filter(_fits(field.type, pl.element()).fill_null(value=False))
            sentence = "items outside the field's constraints dropped"
            lost = column.list.len() - kept.list.len()
        else:
            fits = _fits(field.type, column)
            kept = pl.when(fits).then(column).alias(name)
            sentence = "values outside the field's constraints made null"
            lost = ~fits
        count = frame.select(lost.sum()).item()
        changes.note(f"{resource_type}.{name}: {sentence}", count)
        if count:
            frame = frame.with_columns(kept)
    return frame


def _fits(field_type: object, column: pl.Expr) -> pl.Expr:
    """Whether a value, or an item of a list, obeys its field; null for null."""
    match field_type:
        case Enum(values=values):
            return column.is_in(list(values))
        case Text(pattern=pattern, max_length=max_length):
            return _is_text(column, pattern, max_length)
        case BlobUrl() | TextList(blobs=True):
            return column.map_batches(_are_urls, return_dtype=pl.Boolean, is_elementwise=True)
        case TextList(pattern=pattern):
            return _is_text(column, pattern, MAX_TEXT_LENGTH)
        case Integer(ge=ge, le=le) | Date(ge=ge, le=le):
            return column.is_between(ge, le)
        case Float(ge=ge, le=le, gt=gt):
            bounds = [column >= ge if ge is not None else None, column <= le if le is not None else None]
            bounds += [column.is_finite(), column > gt if gt is not None else None]
            return pl.all_horizontal(bound for bound in bounds if bound is not None)
        case _:
            msg = f"no rule cleans values of {type(field_type).__name__}"
            raise NotImplementedError(msg)


def _is_text(column: pl.Expr, pattern: str | None, max_length: int) -> pl.Expr:
    is_short = (column.str.len_chars() <= max_length) & ~column.str.contains(CONTROL_CHARACTERS)
    return is_short if pattern is None else is_short & column.str.contains(pattern)


def _are_urls(column: pl.Series) -> pl.Series:
    """Whether texts are S3 URLs; null for null."""
    fits = pl.Series(column.name, problems_of(column.to_arrow())).is_null()
    return pl.select(pl.when(column.is_not_null()).then(fits)).to_series().alias(column.name)
