"""Where the index comes from."""

from __future__ import annotations

import pytest

from tests.fixtures.idc import EXTRACT
from vxdata.cli.idc.source import read_extract, read_index
from vxdata.schemas.errors import InvalidRequest

COLLECTIONS = {"prostate_3t", "prostate_diagnosis", "prostate_mri", "qin_prostate_repeatability"}


def test_the_extract_is_944_series_of_four_collections() -> None:
    extract = read_extract()
    assert extract.series.height == extract.series["SeriesInstanceUID"].n_unique() == 944
    assert extract.series["PatientID"].n_unique() == 197
    assert set(extract.series["collection_id"]) == set(extract.collections["collection_id"]) == COLLECTIONS


def test_the_whole_index_has_the_columns_of_the_extract() -> None:
    whole = read_index()
    for name in ("series", "collections"):
        schema = getattr(EXTRACT, name).schema
        assert {column: getattr(whole, name).schema[column] for column in schema} == schema
    assert whole.series.height > 1_000_000


def test_only_keeps_the_collections_named() -> None:
    kept = EXTRACT.only(["prostate_3t", "prostate_mri"])
    assert (
        set(kept.series["collection_id"])
        == set(kept.collections["collection_id"])
        == {"prostate_3t", "prostate_mri"}
    )
    assert EXTRACT.only([]) is EXTRACT


def test_an_unknown_collection_gets_a_hint() -> None:
    with pytest.raises(
        InvalidRequest, match=r"no collection prostate_3d\. Did you mean prostate_3t"
    ) as caught:
        EXTRACT.only(["prostate_mri", "prostate_3d"])
    assert caught.value.details == {"collections": ["prostate_3d"]}
