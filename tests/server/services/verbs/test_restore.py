"""Restores: the last content, live again, with its lineage computed anew; a cascade as a unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.errors import (
    DuplicateIdentifiers,
    NotDeleted,
    ParentNotFound,
    ResourceNotFound,
    VersionConflict,
)

if TYPE_CHECKING:
    from tests.server.services.verbs.support import Store

Tree = dict[str, str]

BELOW = ("patient", "study", "volume", "artefact")


def test_the_content_is_that_before_the_delete(store: Store, tree: Tree) -> None:
    store.send("update", {"identifier": tree["volume"], "b_value": 5.0})
    before = store.latest(tree["volume"])
    store.name("delete", tree["volume"])
    receipt = store.name("restore", tree["volume"])
    assert receipt.counts == {"volume": 1}
    assert store.latest(tree["volume"]) == before | {"version": receipt.version, "valid_from": receipt.as_of}


def test_lineage_is_computed_anew(store: Store, tree: Tree) -> None:
    store.name("delete", tree["volume"])
    store.move({tree["patient"]: tree["other"]})
    assert store.lineage(tree["volume"])[1] == tree["source"]
    store.name("restore", tree["volume"])
    assert store.lineage(tree["volume"])[1] == tree["other"]


def test_a_cascade_comes_back_as_a_unit(store: Store, tree: Tree) -> None:
    """What was deleted in the same commit, and nothing that was deleted before or after."""
    store.name("delete", tree["artefact"])
    store.name("delete", tree["patient"], cascade=True)
    receipt = store.name("restore", tree["patient"], cascade=True)
    assert receipt.counts == {"patient": 1, "imagingstudy": 1, "volume": 1}
    assert [store.is_live(tree[key]) for key in BELOW] == [True, True, True, False]
    assert store.count(tree["artefact"]) == 2


def test_a_cascade_of_what_was_deleted_alone(store: Store, tree: Tree) -> None:
    store.name("delete", tree["volume"])
    store.name("delete", tree["study"])
    assert store.name("restore", tree["study"], cascade=True).counts == {"imagingstudy": 1}
    assert not store.is_live(tree["volume"])


def test_without_cascade_what_lies_below_stays_deleted(store: Store, tree: Tree) -> None:
    store.name("delete", tree["patient"], cascade=True)
    assert store.name("restore", tree["patient"]).counts == {"patient": 1}
    assert [store.is_live(tree[key]) for key in BELOW] == [True, False, False, False]


def test_a_cascade_through_what_stays_deleted(store: Store, tree: Tree) -> None:
    """The artefact hangs below a volume that was deleted before; its lineage is new all the same."""
    store.name("delete", tree["volume"])
    store.name("delete", tree["study"], cascade=True)
    store.move({tree["patient"]: tree["other"]})
    receipt = store.name("restore", tree["study"], cascade=True)
    assert receipt.counts == {"imagingstudy": 1, "artefact": 1}
    assert store.lineage(tree["artefact"]) == (
        tree["volume"],
        tree["other"],
        tree["patient"],
        tree["study"],
    )


def test_parent_and_child_of_two_types_together(store: Store, tree: Tree) -> None:
    store.name("delete", tree["study"], tree["volume"])
    receipt = store.name("restore", tree["volume"], tree["study"])
    assert receipt.counts == {"imagingstudy": 1, "volume": 1}


def test_all_parents_that_stay_deleted_are_named(store: Store, tree: Tree) -> None:
    names = [tree[key] for key in BELOW]
    store.name("delete", *names)
    with store.refuses(ParentNotFound) as caught:
        store.name("restore", tree["study"], tree["artefact"])
    assert caught.value.details["identifiers"] == sorted([tree["patient"], tree["volume"]])
    assert sorted(caught.value.details["children"]) == sorted([tree["study"], tree["artefact"]])


def test_a_parent_that_the_cascade_leaves_deleted(store: Store, tree: Tree) -> None:
    """The volume lies below the study, but was deleted before it: it is passed through, not restored."""
    store.name("delete", tree["volume"])
    store.name("delete", tree["study"], tree["artefact"])
    with store.refuses(ParentNotFound) as caught:
        store.name("restore", tree["study"], tree["artefact"], cascade=True)
    assert caught.value.details["identifiers"] == [tree["volume"]]
    assert caught.value.details["children"] == [tree["artefact"]]


def test_all_that_is_missing_comes_before_all_that_is_live(store: Store, tree: Tree, unique: str) -> None:
    missing = [f"patient/{unique}-missing", f"volume/{unique}-missing"]
    with store.refuses(ResourceNotFound) as not_found:
        store.name("restore", *missing, tree["patient"], tree["artefact"])
    assert sorted(not_found.value.details["identifiers"]) == sorted(missing)
    store.name("delete", tree["study"])
    with store.refuses(NotDeleted) as live:
        store.name("restore", tree["patient"], tree["study"], tree["artefact"])
    assert sorted(live.value.details["identifiers"]) == sorted([tree["patient"], tree["artefact"]])


def test_named_twice_or_of_another_version(store: Store, tree: Tree) -> None:
    receipt = store.name("delete", tree["study"])
    with store.refuses(DuplicateIdentifiers):
        store.name("restore", tree["study"], tree["study"])
    row = {"identifier": tree["study"], "expected_version": receipt.version - 1}
    with store.refuses(VersionConflict):
        store.send("restore", row)
    assert store.send("restore", row | {"expected_version": receipt.version}).counts == {"imagingstudy": 1}
