"""Corners of the write path that random sequences reach too rarely."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa
import pytest

from vxdata.schemas.create import (
    ArtefactCreate,
    DataSourceCreate,
    ImagingStudyCreate,
    PatientCreate,
    VolumeCreate,
)
from vxdata.schemas.errors import IdempotencyMismatch
from vxdata.schemas.update import PatientUpdate
from vxdata.sdk import Client
from vxdata.sdk._resources.upload import WriteRequest
from vxdata.server.app import Server

if TYPE_CHECKING:
    from vxdata.server.config import Settings


def test_a_restored_cascade_hands_lineage_down_through_what_stays_deleted(
    client: Client, unique: str
) -> None:
    first, second = f"datasource/{unique}-1", f"datasource/{unique}-2"
    patient, study, volume, artefact = (
        f"{prefix}/{unique}" for prefix in ("patient", "imagingstudy", "volume", "artefact")
    )
    client.resources.create(
        [
            DataSourceCreate(identifier=first, license="x"),
            DataSourceCreate(identifier=second, license="x"),
            PatientCreate(identifier=patient, parent_identifier=first, license="x"),
            ImagingStudyCreate(identifier=study, parent_identifier=patient, license="x"),
            VolumeCreate(identifier=volume, parent_identifier=study, license="x"),
            ArtefactCreate(identifier=artefact, parent_identifier=volume),
        ]
    )
    client.volumes.delete(volume)
    client.imaging_studies.delete(study, cascade=True)
    client.patients.update(patient, PatientUpdate(parent_identifier=second))
    client.imaging_studies.restore(study, cascade=True)
    found = client.artefacts.retrieve(artefact)
    assert (found.datasource_id, found.patient_id, found.study_id) == (second, patient, study)
    assert client.imaging_studies.retrieve(study).datasource_id == second


def test_a_write_without_effect_uses_up_its_key(client: Client, datasource: str, unique: str) -> None:
    transport = client._session.transport

    def describe(text: str, key: str | None) -> WriteRequest:
        table = pa.table({"identifier": [datasource], "description": [text]})
        return WriteRequest("update", [("datasource", table)], idempotency_key=key)

    describe("one", None).send(transport)
    first = describe("one", unique).send(transport)
    assert first.receipt.counts == {}
    describe("two", None).send(transport)
    assert describe("one", unique).send(transport) == first
    assert client.data_sources.retrieve(datasource).description == "two"
    with pytest.raises(IdempotencyMismatch):
        describe("three", unique).send(transport)


def test_a_purged_patient_gives_its_number_to_nobody(settings: Settings, client: Client, unique: str) -> None:
    assert client.health().status == "ok"
    with (
        Server(settings.model_copy(update={"allow_purge": True})) as server,
        Client(server.flight_url) as purger,
    ):
        source = DataSourceCreate(identifier=unique, license="x", patient_code="ZP")
        datasource = purger.data_sources.create(source).identifier
        patient = purger.patients.register("uid-1", datasource)
        purger.patients.create(PatientCreate(identifier=patient, parent_identifier=datasource, license="x"))
        purger.patients.purge(patient)
        assert purger.patients.register("uid-2", datasource) != patient
        assert purger.patients.register("uid-1", datasource) != patient


def test_moving_many_costs_no_join_of_all_with_all(client: Client, datasource: str, unique: str) -> None:
    """It took minutes once: parents that are null were joined with every row."""
    count = 3_000
    names = [f"{unique}-{number}" for number in range(count)]
    patients = pl.DataFrame({"identifier": names}).with_columns(
        parent_identifier=pl.lit(datasource), license=pl.lit("x")
    )
    studies = patients.with_columns(parent_identifier="patient/" + pl.col("identifier"))
    client.resources.create({"patient": patients, "imagingstudy": studies})
    moved = client.imaging_studies.update(
        studies.select("identifier", parent_identifier=pl.lit(f"patient/{names[0]}"))
    )
    assert moved.counts == {"imagingstudy": count - 1}
    found = client.imaging_studies.query().collect().filter(pl.col("patient_id") == f"patient/{names[0]}")
    assert found.height == count
