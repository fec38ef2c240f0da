"""Bins of numbers and keys of mappings as keys of groups, beside the same sums in Python."""

from __future__ import annotations

import math
import secrets
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from vxdata.schemas.create import DataSourceCreate, PatientCreate, VolumeCreate
from vxdata.schemas.errors import FieldTypeMismatch, InvalidPlan
from vxdata.sdk import Client, F, count

if TYPE_CHECKING:
    from vxdata.sdk import Query

TINY = 5e-324
NUMBERS = (0.0, TINY, 0.1, 0.3, 0.5, 1.0, 49.99, 50.0, 800.0, 5e4, None)
KEYS: tuple[dict[str, str] | None, ...] = ({"a": "1", "b": "2"}, {"a": "1"}, {}, None)


@pytest.fixture(scope="module")
def root(client: Client) -> str:
    unique = secrets.token_hex(6)
    source = f"datasource/{unique}"
    client.data_sources.create(DataSourceCreate(identifier=source, license="x"))
    above: dict[str, Any] = {"parent_identifier": source, "license": "x"}
    client.volumes.create(
        [
            VolumeCreate(identifier=f"{unique}-{place}", b_value=number, series_number=place, **above)
            for place, number in enumerate(NUMBERS)
        ]
    )
    client.patients.create(
        [
            PatientCreate(identifier=f"{unique}-{place}", external_identifiers=keys, **above)
            for place, keys in enumerate(KEYS)
        ]
    )
    return source


@pytest.fixture
def volumes(client: Client, root: str) -> Query[Any]:
    return client.volumes.query().filter(F.datasource_id == root)


@pytest.mark.parametrize(("width", "origin"), [(50.0, 0.0), (0.1, 0.0), (1e3, -0.5), (7, 60), (1e305, 0)])
def test_a_key_is_the_number_of_the_bin(volumes: Query[Any], width: float, origin: float) -> None:
    found = volumes.group_by(F.b_value.bin(width, origin)).agg(count()).collect()
    expected = Counter(
        None if number is None else float(math.floor((number - origin) / width)) for number in NUMBERS
    )
    assert dict(found.iter_rows()) == expected
    assert found.columns == ["b_value_bin", "count"]


def test_whole_numbers_have_bins_too(volumes: Query[Any]) -> None:
    found = volumes.group_by(pair=F.series_number.bin(2)).agg(count()).order_by("pair").collect()
    assert found.rows() == [(0.0, 2), (1.0, 2), (2.0, 2), (3.0, 2), (4.0, 2), (5.0, 1)]
    kept = volumes.group_by(pair=F.series_number.bin(2)).agg(count()).filter(F.pair >= 4).collect()
    assert sorted(kept["pair"]) == [4.0, 5.0]


def test_a_number_that_no_double_holds_is_refused(volumes: Query[Any]) -> None:
    with pytest.raises(InvalidPlan, match="a bin of the query is beyond"):
        volumes.group_by(F.b_value.bin(1e-307)).agg(count()).collect()


def test_keys_of_mappings_are_items(client: Client, root: str) -> None:
    patients = client.patients.query().filter(F.datasource_id == root)
    found = patients.group_by(key=F.external_identifiers.each_item()).agg(count()).order_by("key").collect()
    assert found.rows() == [("a", 2), ("b", 1)]


def test_it_is_shown_as_it_is_written(volumes: Query[Any]) -> None:
    assert "group_by(F.b_value.bin(0.5, origin=-1))" in repr(
        volumes.group_by(F.b_value.bin(0.5, origin=-1)).agg(count())
    )
    assert repr(F.b_value.bin(1e300)) == "F.b_value.bin(1e+300)"


@pytest.mark.parametrize("width", [0, -1, math.inf, math.nan])
def test_a_width_is_a_number_above_zero(width: float) -> None:
    with pytest.raises(ValueError, match="a finite number above zero"):
        F.b_value.bin(width)


def test_bins_are_made_of_numbers(client: Client) -> None:
    with pytest.raises(FieldTypeMismatch, match="bins are made of numbers"):
        client.volumes.query().group_by(F.volume_type.bin(1))
