"""What a series shows, told from its modality and description."""

from __future__ import annotations

import polars as pl
import pytest

from vxdata.cli.idc.volume_type import BY_MODALITY, MR_RULES, PLANE_RULES, image_plane, volume_type
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.fields import Enum


def told(modality: str | None, description: str | None) -> tuple[str | None, str | None]:
    frame = pl.DataFrame(
        {"Modality": [modality], "SeriesDescription": [description]},
        schema={"Modality": pl.String, "SeriesDescription": pl.String},
    )
    row: tuple[str | None, str | None] = frame.select(
        volume_type().alias("type"), image_plane().alias("plane")
    ).row(0)
    return row


@pytest.mark.parametrize(
    ("description", "kind", "plane"),
    [
        ("t2_tse_tra_320_p2", "T2", "transversal"),
        ("t2_tse_sag", "T2", "sagittal"),
        ("AX T2 FRFSE", "T2", "transversal"),
        ("COR T2", "T2", "coronal"),
        ("T2 Weighted Axial", "T2", "transversal"),
        ("Apparent Diffusion Coefficient", "ADC", None),
        ("ep2d_diff_tra_DYNDIST_ADC", "ADC", "transversal"),
        ("ep2d_diff_tra_DYNDIST", "DWI", "transversal"),
        ("Dynamic Contrast Enhanced", "DCE", None),
        ("loc", "LOCALIZER", None),
        ("3-plane localizer", "LOCALIZER", None),
        ("T1 AXIAL", "T1", "transversal"),
        ("oblique axial T2", "T2", "oblique"),
        ("something else", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_mr_by_its_description(description: str | None, kind: str | None, plane: str | None) -> None:
    assert told("MR", description) == (kind, plane)


@pytest.mark.parametrize("modality", sorted(BY_MODALITY))
def test_others_by_their_modality(modality: str) -> None:
    assert told(modality, "t2_tse_tra")[0] == BY_MODALITY[modality]


@pytest.mark.parametrize("modality", ["SEG", "SM", "SR", "XX", None])
def test_only_cross_sections_have_a_plane(modality: str | None) -> None:
    assert told(modality, "t2_tse_tra")[1] is None


def test_an_unknown_modality_has_no_type() -> None:
    assert told("XX", "t2_tse_tra") == (None, None)


def test_every_word_is_of_the_vocabulary() -> None:
    fields = registry().get("volume").field_by_name
    words = {
        "volume_type": {*BY_MODALITY.values(), *(word for word, _ in MR_RULES)},
        "image_plane": {word for word, _ in PLANE_RULES},
    }
    for name, used in words.items():
        field_type = fields[name].type
        assert isinstance(field_type, Enum)
        assert used <= set(field_type.values)
