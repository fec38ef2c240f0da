"""Conditions that can only find nothing say so, without being refused."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import pytest

from vxdata.sdk import Client, F, UnlikelyValueWarning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.sdk import Predicate


@pytest.fixture
def unconnected() -> Iterator[Client]:
    """A client that makes no call."""
    with Client("grpc://127.0.0.1:1") as client:
        yield client


@pytest.mark.parametrize(
    ("predicate", "message"),
    [
        (F.volume_type == "t2", r"volume_type is never 't2'\. Did you mean T2"),
        (~(F.volume_type != "T2w"), "volume_type is never 'T2w'"),
        ((F.b_value > 1) | F.image_plane.is_in(["sagittal", "axial"]), "image_plane is never 'axial'"),
        (F.patient_id == "DA00001", r"patient_id is never .* did you mean 'patient/DA00001'"),
        (F.patient_id == "patients/DA1", r"did you mean 'patient/DA1'"),
        (F.identifier.is_in(["vol1"]), r"did you mean 'volume/vol1'"),
        (F.datasource_id == "", "It holds whole identifiers"),
        (F.parent_identifier == "x", r"did you mean '<prefix>/x'"),
    ],
    ids=repr,
)
def test_what_a_field_cannot_hold(unconnected: Client, predicate: Predicate, message: str) -> None:
    with pytest.warns(UnlikelyValueWarning, match=message) as caught:
        unconnected.volumes.query().filter(predicate)
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize(
    "predicate",
    [
        F.volume_type == "T2",
        F.volume_type > "t",
        F.volume_type.contains("t2"),
        F.patient_id == "patient/DA00001",
        F.patient_id.startswith("DA"),
        F.series_description == "anything",
        F.b_value == 1,
    ],
    ids=repr,
)
def test_what_it_can(unconnected: Client, predicate: Predicate) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        unconnected.volumes.query().filter(predicate)


def test_many_are_told_once(unconnected: Client) -> None:
    with pytest.warns(UnlikelyValueWarning, match="and 80 more") as caught:
        unconnected.patients.query().filter(F.identifier.is_in([f"DA{number}" for number in range(100)]))
    assert len(caught) == 1
    assert "patient/DA0" in str(caught[0].message)
