"""The lineage namespace: chains of ancestors, children, and all that is below."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

import pytest

from vxdata.schemas.create import ArtefactCreate, PatientCreate
from vxdata.schemas.errors import ResourceNotFound
from vxdata.schemas.response import DataSourceResponse, PatientResponse
from vxdata.schemas.update import ArtefactUpdate
from vxdata.sdk import Client

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.models import ResourceResponse


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
    snapshot = client.now()
    client.artefacts.update(chain[3], ArtefactUpdate(parent_identifier=chain[0]))
    client.artefacts.delete(chain[4])
    assert [found.identifier for found in client.lineage.parents(chain[3])] == [chain[0]]
    assert [found.identifier for found in client.lineage.descendants(chain[1])] == [chain[2]]
    assert [found.identifier for found in client.lineage.descendants(chain[1], as_of=snapshot)] == chain[2:]
    assert len(client.lineage.parents(chain[3], as_of=snapshot)) == 3
    assert len(client.lineage.children(chain[2], as_of=snapshot)) == 2


def test_walks_go_through_what_is_deleted(client: Client, chain: list[str]) -> None:
    client.artefacts.delete(chain[2])
    client.patients.delete(chain[1])
    assert [found.identifier for found in client.lineage.parents(chain[3])] == [chain[0]]
    assert [found.identifier for found in client.lineage.descendants(chain[0])] == chain[3:]
    assert client.lineage.children(chain[0]) == []


def test_the_resource_itself_must_be_live(client: Client, chain: list[str]) -> None:
    client.artefacts.delete(chain[2])
    for walk in (client.lineage.parents, client.lineage.children, client.lineage.descendants):
        for missing in (chain[2], f"{chain[2]}-never"):
            with pytest.raises(ResourceNotFound) as caught:
                walk(missing)
            assert caught.value.details == {"identifiers": [missing]}


def test_a_resource_that_is_gone_is_found_before(client: Client, chain: list[str]) -> None:
    snapshot = client.now()
    client.resources.delete(chain[0], cascade=True)
    assert [found.identifier for found in client.lineage.descendants(chain[0], as_of=snapshot)] == chain[1:]
    with Client(client.base_url, timestamp=snapshot) as past:
        assert len(past.lineage.parents(chain[3])) == 3


def test_a_model_of_a_tree_agrees(client: Client, datasource: str, unique: str) -> None:
    """A random tree, some of it deleted and moved, at both instants."""
    random = Random(unique)
    names = [f"artefact/{unique}-{number:02}" for number in range(18)]
    parents = {datasource: None} | {
        name: random.choice([datasource, *names[:number]]) for number, name in enumerate(names)
    }
    client.artefacts.create(
        ArtefactCreate(identifier=name, parent_identifier=parents[name], license="x") for name in names
    )
    before, snapshot = Tree(parents, set()), client.now()
    moved, target = names[11], names[12]
    if moved not in before.above(target):
        client.artefacts.update(moved, ArtefactUpdate(parent_identifier=target))
        parents = parents | {moved: target}
    deleted = set(random.sample(names, 6))
    client.artefacts.delete(sorted(deleted))
    for tree, as_of in ((Tree(parents, deleted), None), (before, snapshot)):
        for name in [datasource, *(name for name in names if name not in tree.deleted)]:
            walks = client.lineage
            assert identifiers(walks.parents(name, as_of=as_of)) == tree.live(tree.above(name))
            assert identifiers(walks.children(name, as_of=as_of)) == tree.live(tree.children(name))
            assert identifiers(walks.descendants(name, as_of=as_of)) == tree.live(tree.below(name))


def identifiers(found: Sequence[ResourceResponse]) -> list[str]:
    return [resource.identifier for resource in found]


@dataclass(frozen=True)
class Tree:
    """Parents by name, and who is deleted."""

    parents: dict[str, str | None]
    deleted: set[str]

    def live(self, names: list[str]) -> list[str]:
        return [name for name in names if name not in self.deleted]

    def above(self, name: str) -> list[str]:
        parent = self.parents[name]
        return [] if parent is None else [parent, *self.above(parent)]

    def children(self, name: str) -> list[str]:
        return sorted(child for child, parent in self.parents.items() if parent == name)

    def below(self, name: str) -> list[str]:
        levels = [[name]]
        while levels[-1]:
            levels.append(sorted(child for above in levels[-1] for child in self.children(above)))
        return [child for level in levels[1:] for child in level]
