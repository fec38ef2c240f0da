"""The lineage namespace: chains of ancestors, children, and all that is below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vxdata.schemas.create import ArtefactCreate, PatientCreate
from vxdata.schemas.errors import ResourceNotFound
from vxdata.schemas.response import DataSourceResponse, PatientResponse
from vxdata.schemas.update import ArtefactUpdate

if TYPE_CHECKING:
    from vxdata.sdk import Client


@pytest.fixture
def chain(client: Client, datasource: str, unique: str) -> list[str]:
    """A data source, a patient, and two artefacts one below the other, with one beside the second."""
    patient = f"patient/{unique}"
    first, second, beside = (f"artefact/{unique}-{number}" for number in range(3))
    pairs = [(first, patient), (second, first), (beside, first)]
    client.resources.create(
        [
            PatientCreate(identifier=patient, parent_identifier=datasource, license="x"),
            *(
                ArtefactCreate(identifier=name, parent_identifier=parent, license="x")
                for name, parent in pairs
            ),
        ]
    )
    return [datasource, patient, first, second, beside]


def test_parents_nearest_first(client: Client, chain: list[str]) -> None:
    found = client.lineage.parents(chain[3])
    assert [parent.identifier for parent in found] == [chain[2], chain[1], chain[0]]
    assert [type(parent) for parent in found[1:]] == [PatientResponse, DataSourceResponse]
    assert client.lineage.parents(chain[0]) == []


def test_children_are_the_immediate_ones(client: Client, chain: list[str]) -> None:
    assert [child.identifier for child in client.lineage.children(chain[2])] == chain[3:]
    assert [child.identifier for child in client.lineage.children(chain[1])] == [chain[2]]
    assert client.lineage.children(chain[3]) == []


def test_descendants_level_by_level(client: Client, chain: list[str]) -> None:
    assert [found.identifier for found in client.lineage.descendants(chain[0])] == chain[1:]


def test_plural_prefixes_will_do(client: Client, chain: list[str]) -> None:
    plural = chain[1].replace("patient/", "patients/")
    assert [child.identifier for child in client.lineage.children(plural)] == [chain[2]]


def test_the_past_stays(client: Client, chain: list[str]) -> None:
    token = client.now()
    client.artefacts.update(chain[3], ArtefactUpdate(parent_identifier=chain[0]))
    client.artefacts.delete(chain[4])
    assert [found.identifier for found in client.lineage.parents(chain[3])] == [chain[0]]
    assert [found.identifier for found in client.lineage.descendants(chain[1])] == [chain[2]]
    assert [found.identifier for found in client.lineage.descendants(chain[1], as_of=token)] == chain[2:]
    assert len(client.lineage.parents(chain[3], as_of=token)) == 3
    assert len(client.lineage.children(chain[2], as_of=token)) == 2


def test_a_chain_ends_below_what_is_deleted(client: Client, chain: list[str]) -> None:
    client.artefacts.delete(chain[2])
    assert client.lineage.parents(chain[3]) == []
    assert client.lineage.descendants(chain[1]) == []
    for walk in (client.lineage.parents, client.lineage.children, client.lineage.descendants):
        with pytest.raises(ResourceNotFound) as caught:
            walk(chain[2])
        assert caught.value.details == {"identifiers": [chain[2]]}
