"""History, diff and the commit log."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

import pytest

from vxdata.schemas.create import DataSourceCreate, PatientCreate, VolumeCreate
from vxdata.schemas.errors import InvalidRequest, ResourceNotFound
from vxdata.schemas.update import PatientUpdate
from vxdata.sdk import Client, F

if TYPE_CHECKING:
    from vxdata.sdk._resources.history import Version


@pytest.fixture
def patient(client: Client, datasource: str, unique: str) -> str:
    """A patient with one version."""
    model = PatientCreate(identifier=unique, parent_identifier=datasource, license="x", sex="F")
    return client.patients.create(model).identifier


def verbs(versions: list[Version]) -> list[str]:
    return [version.verb for version in versions]


def test_every_version_with_what_changed_and_by_whom(client: Client, patient: str) -> None:
    client.patients.update(patient, PatientUpdate(sex="M", birth_year=1950))
    client.patients.delete(patient)
    client.patients.restore(patient)
    found = client.patients.history(patient)
    assert verbs(found) == ["create", "update", "delete", "restore"]
    assert [version.changes for version in found] == [
        {},
        {"sex": ("F", "M"), "birth_year": (None, 1950)},
        {"deleted": (False, True)},
        {"deleted": (True, False)},
    ]
    assert [version.deleted for version in found] == [False, False, True, False]
    assert {version.client["user"] for version in found} == {getpass.getuser()}
    assert {version.principal for version in found} == {"anonymous"}
    ends = [version.resource.valid_to for version in found]
    assert ends == [*(version.as_of for version in found[1:]), None]


def test_a_move_further_up_appears(client: Client, patient: str, unique: str) -> None:
    volume = client.volumes.create(
        VolumeCreate(identifier=unique, parent_identifier=patient, license="x")
    ).identifier
    other = client.data_sources.create(DataSourceCreate(identifier=f"{unique}-2", license="x")).identifier
    client.patients.update(patient, PatientUpdate(parent_identifier=other))
    found = client.volumes.history(volume)
    assert verbs(found) == ["create", "update"]
    assert found[1].changes == {"datasource_id": (f"datasource/{unique}", other)}


def test_as_of_an_instant_what_came_later_is_not_known(client: Client, patient: str) -> None:
    snapshot = client.now()
    before = client.patients.history(patient)
    client.patients.update(patient, PatientUpdate(sex="M"))
    assert client.patients.history(patient, as_of=snapshot) == before
    assert before[0].resource.valid_to is None


def test_what_never_was_has_none(client: Client, unique: str) -> None:
    with pytest.raises(ResourceNotFound):
        client.patients.history(unique)


class TestDiff:
    def test_by_version_and_by_instant(self, client: Client, patient: str) -> None:
        first = client.patients.retrieve(patient)
        snapshot = client.now()
        second = client.patients.update(patient, PatientUpdate(sex="M"))
        expected = {"sex": ("F", "M")}
        assert client.patients.diff(patient, first.version, second.version) == expected
        assert client.patients.diff(patient, snapshot, second.version) == expected
        assert client.resources.diff(patient, first.valid_from, client.now()) == expected
        assert client.patients.diff(patient, second.version, second.version) == {}
        assert client.patients.diff(patient, second.version, first.version) == {"sex": ("M", "F")}

    def test_a_deletion_appears(self, client: Client, patient: str) -> None:
        first = client.patients.retrieve(patient).version
        client.patients.delete(patient)
        deleted = client.patients.history(patient)[-1].version
        assert client.patients.diff(patient, first, deleted) == {"deleted": (False, True)}

    def test_of_a_version_that_it_does_not_have(self, client: Client, patient: str) -> None:
        first = client.patients.retrieve(patient).version
        second = client.patients.update(patient, PatientUpdate(sex="M")).version
        for namespace in (client.patients, client.resources):
            with pytest.raises(InvalidRequest) as caught:
                namespace.diff(patient, first, second + 1)
            assert caught.value.message == (
                f"{patient} has no version {second + 1}; it has {first}, {second}."
            )
            assert caught.value.details == {
                "identifiers": [patient],
                "version": second + 1,
                "versions": [first, second],
            }

    def test_of_many_versions_some_are_named(self, client: Client, patient: str) -> None:
        for year in range(1950, 1975):
            client.patients.update(patient, PatientUpdate(birth_year=year))
        with pytest.raises(InvalidRequest, match=r"; it has [0-9, ]+ and 6 more\.") as caught:
            client.patients.diff(patient.removeprefix("patient/"), 0, client.now())
        assert caught.value.message.startswith(f"{patient} has no version 0")
        assert len(caught.value.details["versions"]) == 26


class TestCommits:
    def test_tell_what_was_done(self, client: Client, datasource: str, unique: str) -> None:
        models = [
            PatientCreate(identifier=f"{unique}-{number}", parent_identifier=datasource, license="x")
            for number in range(3)
        ]
        version = client.patients.create(models)[0].version
        (commit,) = client.commits().filter(F.version == version).collect().to_dicts()
        assert (commit["verb"], commit["counts"]) == ("create", {"patient": 3})
        assert commit["idempotency_key"]
        assert commit["as_of"] == client.now().as_of
        assert commit["principal"] == "anonymous"

    def test_of_the_past(self, client: Client, patient: str) -> None:
        snapshot = client.now()
        client.patients.update(patient, PatientUpdate(sex="M"))
        found = client.commits().as_of(snapshot).select("version").collect()
        assert found["version"].max() == snapshot.version
