"""Volumes below many data sources, spread over them row by row: so no block of a table belongs to one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from bench.growth import synthetic, varied

if TYPE_CHECKING:
    from vxdata.sdk import Client

STUDIES: Final = 100
"""Patients of a data source, each with one study."""


def source_name(number: int) -> str:
    """The identifier of a data source."""
    return f"datasource/source-{number:02}"


def create_sources(client: Client, numbers: range) -> None:
    """Create data sources with their patients and studies."""
    names = pl.DataFrame({"identifier": list(map(source_name, numbers)), "license": "CC0"})
    studies = pl.select(number=pl.int_range(numbers.start * STUDIES, numbers.stop * STUDIES)).select(
        patient="patient/source-" + pl.col("number").cast(pl.String),
        study="imagingstudy/source-" + pl.col("number").cast(pl.String),
        source="datasource/source-" + (pl.col("number") // STUDIES).cast(pl.String).str.zfill(2),
        license=pl.lit("CC0"),
    )
    client.resources.create(
        {
            "datasource": names,
            "patient": studies.select("license", identifier="patient", parent_identifier="source"),
            "imagingstudy": studies.select("license", identifier="study", parent_identifier="patient"),
        }
    )


def create_volumes(client: Client, rows: int, sources: range) -> None:
    """Create as many volumes below data sources, in commits of bounded size; others have other numbers."""
    for begin in range(0, rows, synthetic.ROWS_OF_A_CREATE):
        numbers = pl.int_range(begin, min(begin + synthetic.ROWS_OF_A_CREATE, rows), eager=True)
        own = sources.start + numbers % len(sources)
        studies = own * STUDIES + numbers // len(sources) % STUDIES
        first = sources.start * rows
        frame = varied.volumes(first + begin, first + begin + len(numbers))
        client.volumes.create(
            frame.with_columns(parent_identifier="imagingstudy/source-" + studies.cast(pl.String))
        )
