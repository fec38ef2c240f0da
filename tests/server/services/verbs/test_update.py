"""Updates: new versions only of what changes, and moves that take the lineage below along."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.server.support import state
from vxdata.schemas.errors import (
    DuplicateIdentifiers,
    LineageCycle,
    ParentNotFound,
    ResourceNotFound,
    VersionConflict,
)

if TYPE_CHECKING:
    from tests.server.services.verbs.support import Store

Tree = dict[str, str]


class TestFields:
    def test_several_types_in_one_commit(self, store: Store, tree: Tree) -> None:
        receipt = store.send(
            "update",
            {"identifier": tree["patient"], "sex": "F"},
            {"identifier": tree["volume"], "b_value": 5.0},
            {"identifier": tree["artefact"], "license": "y"},
        )
        assert receipt.counts == {"patient": 1, "volume": 1, "artefact": 1}
        assert store.latest(tree["patient"])["sex"] == "F"
        assert store.latest(tree["volume"])["b_value"] == 5.0
        assert store.latest(tree["artefact"])["license"] == "y"
        versions = {store.latest(tree[key])["version"] for key in ("patient", "volume", "artefact")}
        assert versions == {receipt.version}
        assert store.count(tree["study"]) == 1

    def test_what_is_not_stated_is_kept_and_null_is_stated(self, store: Store, tree: Tree) -> None:
        store.send("update", {"identifier": tree["volume"], "b_value": 5.0, "license": "y"})
        store.send("update", {"identifier": tree["volume"], "b_value": None})
        row = store.latest(tree["volume"])
        assert (row["b_value"], row["license"]) == (None, "y")

    def test_the_version_before_goes_to_history_as_it_was(self, store: Store, tree: Tree) -> None:
        before = store.latest(tree["volume"])
        receipt = store.send("update", {"identifier": tree["volume"], "b_value": 5.0})
        with store.database.connection() as connection:
            (kept,) = connection.rows(
                f"SELECT * FROM vxdata.volume_history WHERE identifier = '{tree['volume']}'"
            )
        assert kept == before | {"valid_to": receipt.as_of}
        after = store.latest(tree["volume"])
        assert after["valid_from"] == receipt.as_of
        assert after["created_at"] == before["created_at"]

    def test_two_sets_of_columns_of_one_type(self, store: Store, tree: Tree, unique: str) -> None:
        second = f"volume/{unique}-2"
        store.plant({second: tree["study"]})
        receipt = store.send(
            "update",
            {"identifier": tree["volume"], "b_value": 1.0},
            {"identifier": second, "license": "y"},
        )
        assert receipt.counts == {"volume": 2}
        assert store.latest(tree["volume"])["license"] == "x"
        assert store.latest(second)["b_value"] is None


class TestNothingChanges:
    def test_neither_version_nor_commit(self, store: Store, tree: Tree) -> None:
        store.send("update", {"identifier": tree["volume"], "b_value": 5.0})
        before = state(store.database)
        receipt = store.send(
            "update",
            {"identifier": tree["volume"], "b_value": 5.0},
            {"identifier": tree["artefact"], "parent_identifier": tree["volume"]},
        )
        assert receipt.counts == {}
        assert state(store.database) == before

    def test_only_what_changes_gets_a_version(self, store: Store, tree: Tree, unique: str) -> None:
        second = f"volume/{unique}-2"
        store.plant({second: tree["study"]})
        receipt = store.send(
            "update",
            {"identifier": tree["volume"], "license": "x"},
            {"identifier": second, "license": "y"},
        )
        assert receipt.counts == {"volume": 1}
        assert (store.count(tree["volume"]), store.count(second)) == (1, 2)

    def test_a_move_within_a_study_touches_nothing_below(self, store: Store, tree: Tree, unique: str) -> None:
        second = f"volume/{unique}-2"
        store.plant({second: tree["study"]})
        assert store.move({tree["artefact"]: second}).counts == {"artefact": 1}
        assert store.move({tree["volume"]: second}).counts == {"volume": 1}
        assert store.count(tree["artefact"]) == 2


class TestMoves:
    def test_all_below_get_the_new_lineage(self, store: Store, tree: Tree) -> None:
        receipt = store.move({tree["patient"]: tree["other"]})
        assert receipt.counts == {"patient": 1, "imagingstudy": 1, "volume": 1, "artefact": 1}
        for key in ("study", "volume", "artefact"):
            assert store.lineage(tree[key])[1:] == (tree["other"], tree["patient"], tree["study"])
        assert store.latest(tree["artefact"])["parent_identifier"] == tree["volume"]

    def test_a_leaf_and_back(self, store: Store, tree: Tree) -> None:
        assert store.move({tree["artefact"]: tree["other"]}).counts == {"artefact": 1}
        assert store.lineage(tree["artefact"]) == (tree["other"], tree["other"], None, None)
        assert store.move({tree["artefact"]: tree["volume"]}).counts == {"artefact": 1}
        assert store.lineage(tree["artefact"]) == (
            tree["volume"],
            tree["source"],
            tree["patient"],
            tree["study"],
        )

    def test_to_no_parent(self, store: Store, tree: Tree) -> None:
        assert store.move({tree["artefact"]: None}).counts == {"artefact": 1}
        assert store.lineage(tree["artefact"]) == (None, None, None, None)

    def test_through_deleted_intermediates(self, store: Store, tree: Tree) -> None:
        """What is live below what is deleted follows; what is deleted gets no version."""
        store.name("delete", tree["study"], tree["volume"])
        receipt = store.move({tree["patient"]: tree["other"]})
        assert receipt.counts == {"patient": 1, "artefact": 1}
        assert store.lineage(tree["artefact"]) == (
            tree["volume"],
            tree["other"],
            tree["patient"],
            tree["study"],
        )
        assert [store.count(tree[key]) for key in ("study", "volume")] == [2, 2]
        assert not store.is_live(tree["volume"])

    def test_of_two_in_one_line(self, store: Store, tree: Tree, unique: str) -> None:
        """The lower one's lineage waits for the upper one's, whatever the order in the batch."""
        person = f"patient/{unique}-2"
        store.plant({person: tree["source"]})
        receipt = store.move({tree["study"]: person, person: tree["other"]})
        assert receipt.counts == {"imagingstudy": 1, "patient": 1, "volume": 1, "artefact": 1}
        assert store.lineage(tree["artefact"])[1:] == (tree["other"], person, tree["study"])

    def test_of_parent_and_child_that_change_places(self, store: Store, tree: Tree, unique: str) -> None:
        upper, lower = f"artefact/{unique}-upper", f"artefact/{unique}-lower"
        store.plant({upper: tree["source"], lower: upper})
        receipt = store.move({lower: tree["other"], upper: lower})
        assert receipt.counts == {"artefact": 2}
        assert store.lineage(upper) == (lower, tree["other"], None, None)

    def test_of_a_long_chain_of_one_type(self, store: Store, tree: Tree, unique: str) -> None:
        chain = [f"artefact/{unique}-{number}" for number in range(12)]
        store.plant(dict(zip(chain, [tree["volume"], *chain], strict=False)))
        assert store.move({chain[0]: tree["other"]}).counts == {"artefact": 12}
        assert store.lineage(chain[-1]) == (chain[-2], tree["other"], None, None)

    def test_beside_updates_of_what_lies_below(self, store: Store, tree: Tree) -> None:
        """One version of each, with the field and the lineage."""
        receipt = store.send(
            "update",
            {"identifier": tree["patient"], "parent_identifier": tree["other"]},
            {"identifier": tree["volume"], "b_value": 5.0},
        )
        assert receipt.counts == {"patient": 1, "imagingstudy": 1, "volume": 1, "artefact": 1}
        assert store.latest(tree["volume"])["b_value"] == 5.0
        assert store.lineage(tree["volume"])[1] == tree["other"]
        assert store.count(tree["volume"]) == 2

    def test_an_orphan_may_be_updated_where_it_is(self, store: Store, tree: Tree) -> None:
        """Its parent is deleted; only a new parent must be live."""
        store.name("delete", tree["volume"])
        receipt = store.send(
            "update",
            {"identifier": tree["artefact"], "parent_identifier": tree["volume"], "license": "y"},
        )
        assert receipt.counts == {"artefact": 1}


class TestCycles:
    @pytest.mark.parametrize("below", ["patient", "study", "volume", "artefact"])
    def test_of_a_move_below_itself(self, store: Store, tree: Tree, below: str) -> None:
        with store.refuses(LineageCycle) as caught:
            store.move({tree["patient"]: tree[below]})
        named = set(caught.value.details["identifiers"])
        assert {tree["patient"], tree[below]} <= named <= set(tree.values())

    def test_of_two_moves_in_one_batch(self, store: Store, tree: Tree, unique: str) -> None:
        first, second = f"artefact/{unique}-1", f"artefact/{unique}-2"
        store.plant({first: tree["source"], second: tree["source"]})
        with store.refuses(LineageCycle) as caught:
            store.move({first: second, second: first})
        assert caught.value.details["identifiers"] == [first, second]

    def test_of_two_moves_of_two_types_with_a_deleted_one_between(self, store: Store, tree: Tree) -> None:
        """study → artefact → volume → study, the volume deleted."""
        store.name("delete", tree["volume"])
        with store.refuses(LineageCycle) as caught:
            store.move({tree["study"]: tree["artefact"], tree["patient"]: tree["artefact"]})
        named = set(caught.value.details["identifiers"])
        assert {tree["study"], tree["artefact"]} <= named


class TestRefusals:
    def test_all_that_is_missing_or_deleted_in_any_type(self, store: Store, tree: Tree, unique: str) -> None:
        store.name("delete", tree["volume"])
        missing = [f"patient/{unique}-missing", f"artefact/{unique}-missing"]
        with store.refuses(ResourceNotFound) as caught:
            store.send(
                "update",
                *({"identifier": name, "license": "y"} for name in [*missing, tree["volume"], tree["study"]]),
            )
        assert sorted(caught.value.details["identifiers"]) == sorted([*missing, tree["volume"]])

    def test_all_that_is_named_twice(self, store: Store, tree: Tree) -> None:
        names = [tree["patient"], tree["volume"]]
        with store.refuses(DuplicateIdentifiers) as caught:
            store.send("update", *({"identifier": name, "license": "y"} for name in [*names, *names]))
        assert sorted(caught.value.details["identifiers"]) == sorted(names)

    def test_all_versions_that_differ(self, store: Store, tree: Tree) -> None:
        found = store.latest(tree["patient"])["version"]
        names = [tree["patient"], tree["volume"]]
        with store.refuses(VersionConflict) as caught:
            store.send(
                "update",
                *({"identifier": name, "license": "y", "expected_version": found + 1} for name in names),
                {"identifier": tree["artefact"], "license": "y", "expected_version": found},
            )
        assert caught.value.details["conflicts"] == [
            {"identifier": name, "expected": found + 1, "found": found} for name in names
        ]

    def test_all_parents_that_are_not_live(self, store: Store, tree: Tree, unique: str) -> None:
        store.name("delete", tree["other"])
        missing = f"volume/{unique}-missing"
        with store.refuses(ParentNotFound) as caught:
            store.move(
                {tree["patient"]: tree["other"], tree["artefact"]: missing, tree["volume"]: tree["patient"]}
            )
        assert caught.value.details["identifiers"] == sorted([tree["other"], missing])
        assert sorted(caught.value.details["children"]) == sorted([tree["patient"], tree["artefact"]])
