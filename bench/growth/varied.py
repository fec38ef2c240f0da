"""Synthetic volumes with values that questions can tell apart, of a thousand patients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from bench.growth import synthetic

if TYPE_CHECKING:
    from vxdata.sdk import Client

PATIENTS: Final = 1_000
SOURCE: Final = "datasource/varied"

MODALITIES: Final = ("MR", "MR", "MR", "MR", "CT", "CT", "CT", "SEG", "SEG", "SR")
MANUFACTURERS: Final = ("SIEMENS", "GE MEDICAL SYSTEMS", "Philips Medical Systems", None)
BODY_PARTS: Final = ("PROSTATE", *["CHEST"] * 9, *["ABDOMEN"] * 9, None)
DESCRIPTIONS: Final = (
    "t2 tse axial, series ",
    "Prostate dwi, series ",
    "axial, series ",
    "LUNG 1.0, series ",
)

SIZES: Final = 100_003
"""Different sizes: a prime, so that they are spread over all other values."""


def create_parents(client: Client) -> None:
    """Create what is above the volumes."""
    source = pl.DataFrame({"identifier": [SOURCE], "name": ["Varied"], "license": ["CC0"]})
    numbers = pl.DataFrame({"number": range(PATIENTS)}).select(pl.col("number").cast(pl.String).str.zfill(4))
    patients = numbers.select(
        identifier="patient/varied-" + pl.col("number"),
        parent_identifier=pl.lit(SOURCE),
        license=pl.lit("CC0"),
    )
    studies = numbers.select(
        identifier="imagingstudy/varied-" + pl.col("number"),
        parent_identifier="patient/varied-" + pl.col("number"),
        license=pl.lit("CC0"),
    )
    client.resources.create({"datasource": source, "patient": patients, "imagingstudy": studies})


def volumes(begin: int, end: int) -> pl.DataFrame:
    """The volumes with these numbers; the first of all is the smallest."""
    numbers = pl.int_range(begin, end, eager=True, dtype=pl.Int64)
    return synthetic.volumes(begin, end).with_columns(
        parent_identifier="imagingstudy/varied-" + (numbers % PATIENTS).cast(pl.String).str.zfill(4),
        modality=_in_turn(MODALITIES, numbers),
        body_part_examined=_in_turn(BODY_PARTS, numbers // len(MODALITIES)),
        manufacturer=_in_turn(MANUFACTURERS, numbers // (len(MODALITIES) * len(BODY_PARTS))),
        series_description=_in_turn(DESCRIPTIONS, numbers // 3) + (numbers % 1000).cast(pl.String),
        size_mb=(numbers * 7919 % SIZES) / 500,
    )


def create_volumes(client: Client, begin: int, end: int) -> None:
    """Create the volumes with these numbers, in commits of bounded size."""
    for first in range(begin, end, synthetic.ROWS_OF_A_CREATE):
        client.volumes.create(volumes(first, min(first + synthetic.ROWS_OF_A_CREATE, end)))


def _in_turn(values: tuple[str | None, ...], numbers: pl.Series) -> pl.Series:
    return pl.Series(values).gather(numbers % len(values))
