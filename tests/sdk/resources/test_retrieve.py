"""Reading by identifier: strict, in order, in parts at one instant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vxdata.schemas.catalog.builtin import RESOURCE
from vxdata.schemas.create import PatientCreate
from vxdata.schemas.errors import ResourceNotFound
from vxdata.schemas.update import PatientUpdate
from vxdata.sdk._resources import retrieve as _reader
from vxdata.sdk._resources.retrieve import children_of, read_in, retrieve

if TYPE_CHECKING:
    from vxdata.sdk import Client


@pytest.fixture
def patients(client: Client, datasource: str, unique: str) -> list[str]:
    """Five patients."""
    created = client.patients.create(
        PatientCreate(identifier=f"{unique}-{number}", parent_identifier=datasource, license="x", sex="F")
        for number in range(5)
    )
    return [patient.identifier for patient in created]


@pytest.fixture(autouse=True)
def two_a_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_reader, "IDENTIFIERS_PER_PLAN", 2)


def test_parts_are_read_at_one_instant(client: Client, patients: list[str]) -> None:
    snapshot = client.now()
    parts = read_in(client._session.transport, "patient", "identifier", patients, None, ("identifier", "sex"))
    found, instants = [], []
    for table, as_of in parts:
        found += table.to_pylist()
        instants.append(as_of)
        client.patients.update(patients[-1], PatientUpdate(sex="M", birth_year=1950 + len(instants)))
    assert [(row["identifier"], row["sex"]) for row in found] == [(name, "F") for name in patients]
    assert instants == [snapshot.as_of] * 3


def test_history_holds_every_version(client: Client, patients: list[str]) -> None:
    client.patients.update(patients[0], PatientUpdate(sex="M"))
    client.patients.delete(patients[0])
    columns = ("identifier", "valid_to", "deleted")
    ((table, _),) = read_in(
        client._session.transport, RESOURCE, "identifier", patients[:1], None, columns, history=True
    )
    rows = table.sort_by("valid_to").to_pylist()
    assert [row["deleted"] for row in rows] == [False, False, True]
    assert [row["valid_to"] is None for row in rows] == [False, False, True]


def test_answers_are_in_the_order_asked_for(client: Client, datasource: str, patients: list[str]) -> None:
    wanted = [patients[3], datasource, patients[0], patients[3]]
    found = retrieve(client._session, wanted, None, include_children=False)
    assert [resource.identifier for resource in found] == wanted


def test_all_that_is_missing_is_named(client: Client, patients: list[str]) -> None:
    client.patients.delete(patients[1])
    wanted = [patients[0], "patient/nobody", patients[1], "volume/nothing"]
    with pytest.raises(ResourceNotFound) as caught:
        retrieve(client._session, wanted, None, include_children=False)
    assert caught.value.details == {"identifiers": ["patient/nobody", patients[1], "volume/nothing"]}


def test_children_are_live_and_sorted(client: Client, datasource: str, patients: list[str]) -> None:
    client.patients.delete(patients[2])
    children = children_of(client._session.transport, [datasource, *patients], None)
    assert children == {datasource: [*patients[:2], *patients[3:]]}
