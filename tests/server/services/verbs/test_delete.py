"""Deletes: tombstones, of the resources alone or of all that is live below them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.errors import DuplicateIdentifiers, ResourceNotFound, VersionConflict

if TYPE_CHECKING:
    from tests.server.services.verbs.support import Store

Tree = dict[str, str]

CONTENT = ("b_value", "license", "parent_identifier", "datasource_id", "patient_id", "study_id", "created_at")


def test_a_tombstone_keeps_the_content(store: Store, tree: Tree) -> None:
    store.send("update", {"identifier": tree["volume"], "b_value": 5.0})
    before = store.latest(tree["volume"])
    receipt = store.name("delete", tree["volume"])
    after = store.latest(tree["volume"])
    assert receipt.counts == {"volume": 1}
    assert (after["tombstone"], after["version"]) == (True, receipt.version)
    assert [after[name] for name in CONTENT] == [before[name] for name in CONTENT]


def test_children_stay_live_with_their_lineage(store: Store, tree: Tree) -> None:
    before = store.latest(tree["study"])
    store.name("delete", tree["patient"])
    assert store.latest(tree["study"]) == before


def test_several_types_in_one_commit(store: Store, tree: Tree) -> None:
    receipt = store.name("delete", tree["artefact"], tree["patient"])
    assert receipt.counts == {"patient": 1, "artefact": 1}
    assert store.is_live(tree["study"])
    assert store.is_live(tree["volume"])


def test_a_cascade_takes_all_below(store: Store, tree: Tree) -> None:
    receipt = store.name("delete", tree["study"], cascade=True)
    assert receipt.counts == {"imagingstudy": 1, "volume": 1, "artefact": 1}
    assert [store.is_live(tree[key]) for key in ("patient", "study", "volume", "artefact")] == [
        True,
        False,
        False,
        False,
    ]


def test_a_cascade_goes_through_what_is_deleted_and_leaves_it(store: Store, tree: Tree) -> None:
    store.name("delete", tree["volume"])
    receipt = store.name("delete", tree["patient"], cascade=True)
    assert receipt.counts == {"patient": 1, "imagingstudy": 1, "artefact": 1}
    assert store.count(tree["volume"]) == 2


def test_a_cascade_of_a_line_and_of_a_part_of_it(store: Store, tree: Tree) -> None:
    """What is named and also lies below another gets one version."""
    receipt = store.name("delete", tree["artefact"], tree["study"], cascade=True)
    assert receipt.counts == {"imagingstudy": 1, "volume": 1, "artefact": 1}
    assert store.count(tree["artefact"]) == 2


def test_a_cascade_down_a_chain_of_one_type(store: Store, tree: Tree, unique: str) -> None:
    chain = [f"artefact/{unique}-{number}" for number in range(6)]
    store.plant(dict(zip(chain, [tree["artefact"], *chain], strict=False)))
    assert store.name("delete", tree["artefact"], cascade=True).counts == {"artefact": 7}


def test_all_that_is_missing_or_deleted_is_named(store: Store, tree: Tree, unique: str) -> None:
    store.name("delete", tree["artefact"])
    missing = f"patient/{unique}-missing"
    for cascade in (False, True):
        with store.refuses(ResourceNotFound) as caught:
            store.name("delete", tree["volume"], tree["artefact"], missing, cascade=cascade)
        assert sorted(caught.value.details["identifiers"]) == sorted([tree["artefact"], missing])


def test_all_that_is_named_twice(store: Store, tree: Tree) -> None:
    names = [tree["patient"], tree["volume"]]
    with store.refuses(DuplicateIdentifiers) as caught:
        store.name("delete", *names, *names, tree["artefact"])
    assert sorted(caught.value.details["identifiers"]) == sorted(names)


def test_all_versions_that_differ(store: Store, tree: Tree) -> None:
    found = store.latest(tree["patient"])["version"]
    names = [tree["patient"], tree["volume"]]
    with store.refuses(VersionConflict) as caught:
        store.send("delete", *({"identifier": name, "expected_version": found + 1} for name in names))
    assert [row["identifier"] for row in caught.value.details["conflicts"]] == names
    store.send("delete", *({"identifier": name, "expected_version": found} for name in names))
    assert not any(map(store.is_live, names))
