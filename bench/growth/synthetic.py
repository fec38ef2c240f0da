"""Synthetic volumes: as many as wanted, below one study, with values like those of real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from vxdata.schemas.create import DataSourceCreate, ImagingStudyCreate, PatientCreate

if TYPE_CHECKING:
    from vxdata.sdk import Client

STUDY: Final = "imagingstudy/synthetic"
KINDS: Final = ("T1", "T2", "DWI", "ADC")
ROWS_OF_A_CREATE: Final = 250_000


def name(number: int) -> str:
    """The identifier of a volume."""
    return f"volume/synthetic-{number:09}"


def create_parents(client: Client) -> None:
    """Create what is above the volumes."""
    client.resources.create(
        [
            DataSourceCreate(identifier="synthetic", license="CC0", name="Synthetic"),
            PatientCreate(identifier="synthetic", parent_identifier="datasource/synthetic", license="CC0"),
            ImagingStudyCreate(identifier="synthetic", parent_identifier="patient/synthetic", license="CC0"),
        ]
    )


def volumes(begin: int, end: int) -> pl.DataFrame:
    """The volumes with these numbers."""
    numbers = pl.int_range(begin, end, eager=True, dtype=pl.Int64)
    text = numbers.cast(pl.String)
    kinds = pl.Series(KINDS)
    return pl.DataFrame(
        {
            "identifier": "volume/synthetic-" + text.str.zfill(9),
            "volume_type": kinds.gather(numbers % len(KINDS)),
            "modality": pl.repeat("MR", len(numbers), eager=True),
            "series_instance_uid": "1.3.6.1.4.1.14519.5.2.1." + text,
            "series_number": numbers % 30,
            "series_description": "axial, series " + (numbers % 1000).cast(pl.String),
            "b_value": (numbers % 20 * 50).cast(pl.Float64),
            "slice_thickness": (numbers % 7).cast(pl.Float64) + 0.5,
            "instance_count": numbers % 400 + 1,
            "path_dicom": "s3://synthetic/" + text.str.zfill(9) + "/*",
        }
    ).with_columns(parent_identifier=pl.lit(STUDY), license=pl.lit("CC0"))


def create_volumes(client: Client, begin: int, end: int) -> None:
    """Create the volumes with these numbers, in commits of bounded size."""
    for first in range(begin, end, ROWS_OF_A_CREATE):
        client.volumes.create(volumes(first, min(first + ROWS_OF_A_CREATE, end)))
