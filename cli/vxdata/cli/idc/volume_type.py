"""The volume type of a series, from its modality and description.

The index has no better source: descriptions are free text that technicians and vendors write. The
rules hold for the prostate protocols in it; a series that no rule knows has no volume type.
"""

from __future__ import annotations

from typing import Final

import polars as pl

BY_MODALITY: Final = {
    "CT": "CT",
    "PT": "PET",
    "NM": "NM",
    "MG": "MG",
    "CR": "XRAY",
    "DX": "XRAY",
    "RF": "XRAY",
    "XA": "XRAY",
    "US": "US",
    "SM": "SM",
    "SEG": "SEG",
    "RTSTRUCT": "RTSTRUCT",
    "RTDOSE": "RTDOSE",
    "SR": "SR",
}
"""Modality -> volume type, where the modality tells it all."""

MR_RULES: Final = (
    ("LOCALIZER", r"(?i)\bloc|_loc|locali[sz]|scout|survey"),
    ("ADC", r"(?i)adc|apparent diffusion"),
    ("DWI", r"(?i)dwi|diff|ep2d|calc_bval|b[ _-]?val"),
    ("DCE", r"(?i)dce|dyn|gad|contrast|bliss|perf|twist|tfl_3d"),
    ("PD", r"(?i)(^|[^a-z])pd([^a-z]|$)"),
    ("FLAIR", r"(?i)flair"),
    ("SWI", r"(?i)swi|suscept"),
    ("DIXON", r"(?i)dixon|opp in\b|in[ _]?phase"),
    ("T2", r"(?i)t2"),
    ("T1", r"(?i)t1|vibe|mprage|spgr"),
)
"""Volume type of an MR series by its description; the first rule that matches counts."""

PLANE_RULES: Final = (
    ("oblique", r"(?i)obl"),
    ("sagittal", r"(?i)(^|[^a-z])sag"),
    ("coronal", r"(?i)(^|[^a-z])cor([^a-z]|onal|$)"),
    ("transversal", r"(?i)(^|[^a-z])(ax|tra)([^a-z]|ial|nsvers|$)"),
)
"""Image plane by description; the first rule that matches counts."""


def volume_type() -> pl.Expr:
    """The volume type, null where it cannot be told.

    Returns:
        An expression over `Modality` and `SeriesDescription`.
    """
    by_modality = pl.col("Modality").replace_strict(BY_MODALITY, default=None, return_dtype=pl.String)
    is_mr = pl.col("Modality") == "MR"
    return pl.when(is_mr).then(_first_match(MR_RULES)).otherwise(by_modality)


def image_plane() -> pl.Expr:
    """The plane of a cross-sectional series, null where its description does not tell.

    Returns:
        An expression over `Modality` and `SeriesDescription`.
    """
    return pl.when(pl.col("Modality").is_in(["MR", "CT", "PT"])).then(_first_match(PLANE_RULES))


def _first_match(rules: tuple[tuple[str, str], ...]) -> pl.Expr:
    description = pl.col("SeriesDescription")
    return pl.coalesce(
        pl.when(description.str.contains(pattern)).then(pl.lit(word)) for word, pattern in rules
    )
