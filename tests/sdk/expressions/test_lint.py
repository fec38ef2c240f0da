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
        (~(F.volume_type != "T2x"), "volume_type is never 'T2x'"),
        ((F.b_value > 1) | F.image_plane.is_in(["sagittal", "level"]), "image_plane is never 'level'"),
        (F.image_plane == "axail", r"image_plane is never 'axail'\. Did you mean transversal\?"),
        (F.volume_type.equals("t9"), "volume_type is never 't9'"),
        (F.patient_id == "DA00001", r"patient_id is never .* did you mean 'patient/DA00001'"),
        (F.patient_id == "patients/DA1", r"did you mean 'patient/DA1'"),
        (F.identifier.is_in(["vol1"]), r"did you mean 'volume/vol1'"),
        (F.datasource_id == "", "It holds whole identifiers"),
        (F.parent_identifier == "x", r"did you mean '<prefix>/x'"),
        (F.patient_id == "volume/x", "It holds identifiers that begin with 'patient/'"),
        (F.derived_from.has("vol1"), r"derived_from is never 'vol1'.* did you mean '<prefix>/vol1'"),
        (F.derived_from.contains_all(["volume/1", "vol1"]), "derived_from is never 'vol1'"),
        (F.patient_id.startswith("DA"), r"finds no patient_id: .* did you mean startswith\('patient/DA'\)"),
        (~F.patient_id.startswith("da", ignore_case=True), "finds no patient_id"),
        (F.identifier.startswith("patient/DA"), "finds no identifier"),
        (F.parent_identifier.startswith("DA"), r"did you mean startswith\('<prefix>/DA'\)"),
        (F.study_id.equals("DA00001/1"), r"did you mean equals\('imagingstudy/DA00001/1'\)"),
        (F.patient_id.matches("^DA[0-9]+$"), r"did you mean matches\('\^patient/DA\[0-9\]\+\$'\)"),
        (F.patient_id.matches("^[A-Z]{2}"), "finds no patient_id"),
        (F.patient_id.matches(r"^\d+$"), "finds no patient_id"),
        (F.patient_id.contains("pat"), "finds every patient_id: .* begin with 'patient/'"),
        (F.datasource_id.contains("DATA", ignore_case=True), "finds every datasource_id"),
        (F.datasource_id.startswith("data"), "finds every datasource_id"),
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
        F.patient_id.startswith("patient/DA"),
        F.patient_id.startswith("patient/"),
        F.patient_id.startswith("PATIENT/da", ignore_case=True),
        F.patient_id.equals("PATIENT/DA00001"),
        F.patient_id.contains("DA"),
        F.patient_id.contains("patient/DA"),
        F.patient_id.endswith("01"),
        F.patient_id.matches("DA"),
        F.patient_id.matches("^patient/DA"),
        F.patient_id.matches("^[a-z]+/DA"),
        F.patient_id.matches("^(patient|volume)/DA"),
        F.patient_id.matches("^x*patient"),
        F.patient_id.matches("^PATIENT", ignore_case=True),
        F.parent_identifier.startswith("imaging"),
        F.derived_from.has("volume/1"),
        F.image_plane == "axial",
        F.volume_type.equals("t2"),
        F.series_description.startswith("DA"),
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
