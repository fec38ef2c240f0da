"""The two tables that describe the others."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

import polars as pl

from vxdata.cli.cda.schema import COLUMN_METADATA, RELEASE_METADATA, SOURCES, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vxdata.cli.cda.schema import Table

VERSION: Final = "made up, 1"
EXTRACTED: Final = date(2025, 3, 21)


def column_metadata() -> pl.DataFrame:
    """Describe all columns that rows or summaries show.

    Returns:
        Columns of `column_metadata`.
    """
    rows = [
        {
            "cda_table": table.name,
            "cda_column": column.name,
            "column_type": column.kind,
            "summary_returns": column.is_summarised,
            "data_returns": column.is_returned,
            "process_before_display": column.process,
            "virtual_table": column.virtual_table,
        }
        for table in TABLES
        for column in table.columns
        if column.kind is not None
    ]
    return pl.DataFrame(rows, schema=COLUMN_METADATA.polars_schema)


def release_metadata(frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Count, for each column and each source, what the source has brought in.

    Args:
        frames: The tables by name.

    Returns:
        Columns of `release_metadata`; the source `CDA` stands for all together.
    """
    rows = [row for table in TABLES for row in _counts(table, frames.get(table.name))]
    return pl.DataFrame(rows, schema=RELEASE_METADATA.polars_schema, orient="row")


def _counts(table: Table, frame: pl.DataFrame | None) -> Iterator[tuple[str | date | int, ...]]:
    if frame is None or "data_source_count" not in frame.columns:
        return
    names = [
        column.name for column in table.columns if column.is_returned and column.kind and not column.process
    ]
    held = {"cda": frame} | {
        name: frame.filter(f"data_at_{name}") for name in SOURCES if f"data_at_{name}" in frame.columns
    }
    for source, part in held.items():
        values = part.select(pl.col(names).drop_nulls().n_unique())
        nulls = part.select(pl.col(names).null_count())
        for name in names:
            found = (part.height, values[name].item(), nulls[name].item())
            yield (table.name, name, source.upper(), VERSION, EXTRACTED, *found)
