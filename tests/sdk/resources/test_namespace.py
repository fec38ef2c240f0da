"""Namespaces: what `create` takes and gives, typed and over all types."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from vxdata.schemas.create import (
    DataSourceCreate,
    HistoMapCreate,
    ImagingStudyCreate,
    PathologySpecimenCreate,
    PatientCreate,
    VolumeCreate,
)
from vxdata.schemas.errors import (
    FieldTypeMismatch,
    UnexpectedPayload,
    UnknownResourceType,
    ValidationFailed,
)
from vxdata.schemas.payload_type import METADATA
from vxdata.schemas.plan import Plan
from vxdata.schemas.response import DataSourceResponse, PatientResponse, VolumeResponse
from vxdata.schemas.update import PatientUpdate
from vxdata.sdk import Client, CommitReceipt, F, MemoryTransport, has_ancestor
from vxdata.sdk._resources.retrieve import IDENTIFIERS_PER_PLAN

if TYPE_CHECKING:
    from collections.abc import Callable


def patient(identifier: str, parent: str) -> PatientCreate:
    return PatientCreate(identifier=identifier, parent_identifier=parent, license="x")


def family(unique: str) -> list[Any]:
    """Resources of six types, children before their parents."""
    return [
        VolumeCreate(identifier=unique, parent_identifier=f"imagingstudy/{unique}", license="x", b_value=50),
        HistoMapCreate(identifier=unique, parent_identifier=f"pathologyspecimen/{unique}", license="x"),
        PathologySpecimenCreate(identifier=unique, parent_identifier=f"patient/{unique}", license="x"),
        ImagingStudyCreate(identifier=unique, parent_identifier=f"patient/{unique}", license="x"),
        VolumeCreate(identifier=f"{unique}-2", parent_identifier=f"imagingstudy/{unique}", license="x"),
        patient(unique, f"datasource/{unique}"),
        DataSourceCreate(identifier=unique, license="x"),
    ]


class TestTyped:
    def test_one_model_gives_one_response(self, client: Client, datasource: str, unique: str) -> None:
        created = client.patients.create(patient(unique, datasource))
        assert type(created) is PatientResponse
        assert created.identifier == f"patient/{unique}"
        assert created.datasource_id == datasource
        assert created.patient_id == created.identifier

    def test_a_list_gives_a_list_in_the_order_given(
        self, client: Client, datasource: str, unique: str
    ) -> None:
        names = [f"{unique}-{number}" for number in (3, 1, 2, 10)]
        created = client.patients.create([patient(name, datasource) for name in names])
        assert [found.identifier for found in created] == [f"patient/{name}" for name in names]
        assert len({found.version for found in created}) == 1

    @pytest.mark.parametrize("collect", [tuple, iter, lambda models: (model for model in models)])
    def test_whatever_holds_models_will_do(
        self, client: Client, datasource: str, unique: str, collect: Callable[[list[PatientCreate]], Any]
    ) -> None:
        models = [patient(f"{unique}-{number}", datasource) for number in range(3)]
        created = client.patients.create(collect(models))
        assert [found.identifier for found in created] == [model.identifier for model in models]

    def test_a_frame_gives_a_receipt(self, client: Client, datasource: str, unique: str) -> None:
        frame = pl.DataFrame(
            {"identifier": [unique], "parent_identifier": datasource, "license": "x", "sex": "M"}
        )
        receipt = client.patients.create(frame)
        assert type(receipt) is CommitReceipt
        assert receipt.counts == {"patient": 1}
        assert (receipt.version, receipt.as_of) == (client.health().version, client.health().as_of)

    def test_all_are_counted(self, client: Client, datasource: str, unique: str) -> None:
        before = client.patients.count(), client.resources.count()
        identifiers = [f"patient/{unique}-{number}" for number in range(3)]
        rows = {"identifier": identifiers, "parent_identifier": datasource, "license": "CC0"}
        client.patients.create(pl.DataFrame(rows))
        client.patients.delete(identifiers[:1])
        assert client.patients.count() == before[0] + 2
        assert client.resources.count() == before[1] + 2
        assert client.patients.count() == client.patients.query().collect().height

    def test_nothing_creates_nothing(self, client: Client) -> None:
        before = client.health().version
        assert client.patients.create([]) == []
        assert client.resources.create([]) == []
        assert client.resources.create({}).counts == {}
        assert client.health().version == before

    def test_more_models_than_one_query_reads_back(
        self, client: Client, datasource: str, unique: str
    ) -> None:
        count = IDENTIFIERS_PER_PLAN + 1
        created = client.patients.create(patient(f"{unique}-{number}", datasource) for number in range(count))
        assert [found.identifier for found in created] == [
            f"patient/{unique}-{number}" for number in range(count)
        ]


class TestMixed:
    def test_responses_are_of_their_types_in_the_order_given(self, client: Client, unique: str) -> None:
        models = family(unique)
        created = client.resources.create(models)
        assert [found.identifier for found in created] == [model.identifier for model in models]
        assert [type(found).__name__ for found in created] == [
            type(model).__name__.replace("Create", "Response") for model in models
        ]
        volume = created[0]
        assert isinstance(volume, VolumeResponse)
        assert volume.b_value == 50
        assert (volume.study_id, volume.patient_id, volume.datasource_id) == (
            f"imagingstudy/{unique}",
            f"patient/{unique}",
            f"datasource/{unique}",
        )

    def test_one_model_gives_one_response(self, client: Client, unique: str) -> None:
        created = client.resources.create(DataSourceCreate(identifier=unique, license="x"))
        assert type(created) is DataSourceResponse

    def test_frames_of_several_types_are_one_commit(self, client: Client, unique: str) -> None:
        receipt = client.resources.create(
            {
                "volume": pl.DataFrame(
                    {"identifier": [unique], "parent_identifier": f"patients/{unique}", "license": "x"}
                ),
                "patient": pl.DataFrame(
                    {"identifier": [unique], "parent_identifier": f"datasource/{unique}", "license": "x"}
                ),
                "datasource": pl.DataFrame({"identifier": [unique], "license": ["x"]}),
            }
        )
        assert receipt.counts == {"volume": 1, "patient": 1, "datasource": 1}
        (version,) = client.volumes.query().filter(F.patient_id == f"patient/{unique}").collect()["version"]
        assert version == receipt.version

    def test_a_frame_alone_is_refused_with_a_hint(self, alone: Client) -> None:
        frame: Any = pl.DataFrame()
        with pytest.raises(FieldTypeMismatch, match=r"pass \{'volume': frame\}, or use client\.volumes"):
            alone.resources.create(frame)

    def test_an_unknown_type_of_frame_is_refused(self, alone: Client) -> None:
        with pytest.raises(UnknownResourceType, match="Did you mean volume"):
            alone.resources.create({"volumes": pl.DataFrame()})

    def test_what_is_no_frame_is_refused(self, alone: Client) -> None:
        broken: Any = {"patient": []}
        with pytest.raises(
            FieldTypeMismatch, match="'patient' must be a frame, such as one of Polars, not list"
        ):
            alone.resources.create(broken)


class TestQuery:
    def test_it_reads_the_type_and_states_no_instant(self, alone: Client) -> None:
        with Client(transport=MemoryTransport(), timestamp="2024-01-01T00:00Z") as past:
            query = past.volumes.query()
        assert query._plan == Plan(relation="volume")
        assert query.plan.as_of == datetime(2024, 1, 1, tzinfo=UTC)
        assert alone.volumes.query().plan == Plan(relation="volume")

    def test_over_all_types_it_reads_metadata(self, client: Client, unique: str) -> None:
        models = family(unique)
        client.resources.create(models)
        below = client.resources.query().filter(has_ancestor(f"datasource/{unique}"))
        found = below.order_by("identifier").collect()
        assert found["identifier"].to_list() == sorted(model.identifier for model in models[:-1])
        assert found.columns == [field.name for field in METADATA]
        assert below.filter(F.study_id.is_not_null()).count() == 3


class TestRefused:
    def test_models_of_another_type_are_all_named(self, alone: Client) -> None:
        wrong: list[Any] = family("a")
        with pytest.raises(UnexpectedPayload, match="Expected identifiers of patient, got volume/") as caught:
            alone.patients.create(wrong)
        assert caught.value.details["expected"] == "patient"
        assert caught.value.details["identifiers"] == [
            model.identifier for model in wrong if not isinstance(model, PatientCreate)
        ]

    def test_an_update_or_a_response_is_no_create(self, client: Client, datasource: str, unique: str) -> None:
        stored = client.patients.create(patient(unique, datasource))
        for model in (PatientUpdate(sex="M"), stored):
            broken: Any = model
            for create in (client.patients.create, client.resources.create):
                with pytest.raises(
                    UnexpectedPayload, match=f"takes PatientCreate, not {type(model).__name__}"
                ):
                    create(broken)
                with pytest.raises(UnexpectedPayload, match="takes PatientCreate"):
                    create([broken])

    @pytest.mark.parametrize("broken", ["patient/x", b"x", 1, None, [1], ["patient/x"], object()])
    def test_what_is_no_model_is_refused(self, alone: Client, broken: Any) -> None:
        with pytest.raises(FieldTypeMismatch, match=r"create takes models, .*; not \w+\."):
            alone.patients.create(broken)

    def test_a_dictionary_without_what_is_required_is_refused(self, alone: Client) -> None:
        with pytest.raises(ValidationFailed, match="parent_identifier: Field required"):
            alone.patients.create({"identifier": "x"})
