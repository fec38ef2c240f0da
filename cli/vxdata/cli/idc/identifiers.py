"""Identifiers of the resources that a series belongs to, and the series that cannot have them."""

from __future__ import annotations

from typing import Final

import polars as pl

from vxdata.schemas.identifiers import REST_PATTERN
from vxdata.schemas.payload_type import LICENSE

COLLECTION_PATTERN: Final = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
"""A collection's name: without a slash, so that no two pairs of collection and patient look the same."""

LEVEL_PARTS: Final = {
    "datasource": ("collection_id",),
    "patient": ("collection_id", "PatientID"),
    "study": ("StudyInstanceUID",),
    "volume": ("SeriesInstanceUID",),
}
"""Level -> the columns that make up the identifier of the resource there."""

PREFIXES: Final = {
    "datasource": "datasource",
    "patient": "patient",
    "study": "imagingstudy",
    "volume": "volume",
}


def with_identifiers(series: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Name the resources of each series.

    Args:
        series: Rows of the index.

    Returns:
        The series that can be loaded, with a column of identifiers for each level; and those that
        cannot, with the `reason`.
    """
    marked = series.with_columns(_reason().alias("reason"))
    kept = marked.filter(pl.col("reason").is_null()).drop("reason")
    identifiers = [
        pl.concat_str(pl.lit(f"{PREFIXES[level]}/"), _rest(level)).alias(level) for level in LEVEL_PARTS
    ]
    return kept.with_columns(identifiers), marked.filter(pl.col("reason").is_not_null())


def _reason() -> pl.Expr:
    """Why a series cannot be loaded; the first reason counts, and null means that it can."""
    patients = pl.struct("collection_id", "PatientID").n_unique().over("StudyInstanceUID")
    reasons = (
        (~_has_identifiers(), "an identifier is missing or malformed"),
        (~_has_license(), "the licence is missing or too long"),
        (pl.col("SeriesInstanceUID").is_duplicated(), "its SeriesInstanceUID is not its own"),
        (patients > 1, "its study is given to more than one patient"),
    )
    return pl.coalesce(pl.when(applies).then(pl.lit(reason)) for applies, reason in reasons)


def _rest(level: str) -> pl.Expr:
    return pl.concat_str(LEVEL_PARTS[level], separator="/")


def _has_identifiers() -> pl.Expr:
    is_named = pl.col("collection_id").str.contains(COLLECTION_PATTERN)
    are_formed = [_rest(level).str.contains(f"^(?:{REST_PATTERN})$") for level in LEVEL_PARTS]
    is_whole = pl.col("PatientID").str.len_chars() > 0
    return pl.all_horizontal(is_named, is_whole, *are_formed).fill_null(value=False)


def _has_license() -> pl.Expr:
    length = pl.col("license_short_name").str.strip_chars().str.len_chars()
    return length.is_between(1, LICENSE.max_length).fill_null(value=False)
