"""Purges: every version is gone, and with them what the database knew of external uids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.server.support import scalar
from vxdata.schemas.errors import DuplicateIdentifiers, ResourceNotFound, VersionConflict

if TYPE_CHECKING:
    from tests.server.services.verbs.support import Store

Tree = dict[str, str]


def test_every_version_and_all_below(store: Store, tree: Tree) -> None:
    store.send("update", {"identifier": tree["volume"], "b_value": 5.0})
    store.name("delete", tree["study"])
    receipt = store.name("purge", tree["patient"])
    assert receipt.counts == {"patient": 1, "imagingstudy": 2, "volume": 2, "artefact": 1}
    assert [store.count(tree[key]) for key in ("patient", "study", "volume", "artefact")] == [0, 0, 0, 0]
    assert store.is_live(tree["source"])


def test_what_is_deleted_can_be_purged_with_a_live_one_of_another_type(store: Store, tree: Tree) -> None:
    store.name("delete", tree["artefact"])
    receipt = store.name("purge", tree["artefact"], tree["other"])
    assert receipt.counts == {"artefact": 2, "datasource": 1}
    assert store.is_live(tree["volume"])


def test_kept_answers_are_of_no_use_any_more(store: Store, tree: Tree) -> None:
    epoch = "SELECT purge_epoch FROM vxdata.commit_clock"
    before = scalar(store.database, epoch)
    store.name("purge", tree["artefact"])
    assert scalar(store.database, epoch) == before + 1


def test_external_uids_are_forgotten_and_identifiers_stay_taken(
    store: Store, tree: Tree, unique: str
) -> None:
    with store.database.connection() as connection:
        connection.execute(
            "INSERT INTO vxdata.registration "
            "(resource_type, parent_identifier, external_uid, identifier, series, number) VALUES "
            f"('patient', '{tree['source']}', '{unique}-uid', '{tree['patient']}', '{unique}', 1), "
            f"('imagingstudy', '{tree['patient']}', '{unique}-uid', '{tree['study']}', '{unique}', 1)"
        )
    store.name("purge", tree["patient"])
    with store.database.connection() as connection:
        rows = connection.rows(
            "SELECT identifier, parent_identifier, external_uid FROM vxdata.registration "
            f"WHERE series = '{unique}' ORDER BY identifier"
        )
    assert [row["identifier"] for row in rows] == [tree["study"], tree["patient"]]
    assert [row["parent_identifier"] for row in rows] == ["", ""]
    assert all(unique not in row["external_uid"] for row in rows)


def test_all_that_never_existed_is_named(store: Store, tree: Tree, unique: str) -> None:
    missing = [f"patient/{unique}-missing", f"volume/{unique}-missing"]
    with store.refuses(ResourceNotFound) as caught:
        store.name("purge", tree["artefact"], *missing)
    assert sorted(caught.value.details["identifiers"]) == sorted(missing)


def test_named_twice_or_of_another_version(store: Store, tree: Tree) -> None:
    with store.refuses(DuplicateIdentifiers):
        store.name("purge", tree["artefact"], tree["artefact"])
    found = store.latest(tree["artefact"])["version"]
    with store.refuses(VersionConflict):
        store.send("purge", {"identifier": tree["artefact"], "expected_version": found + 1})
