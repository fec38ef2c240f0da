"""The catalog: kinds of relation, and tables that VxData did not design."""

from __future__ import annotations

import copy
import pickle
from typing import Final

import pytest

from vxdata.schemas.binding import bind
from vxdata.schemas.catalog import Catalog, PlainTable, Relation, RelationKind
from vxdata.schemas.catalog.registry import Registry, registry
from vxdata.schemas.errors import InvalidPlan, TableNotFound, UnknownField
from vxdata.schemas.fields import Field, Integer, Text
from vxdata.schemas.identity import Grants
from vxdata.schemas.plan import Comparison, HasAncestor, HasDescendant, IsInQuery, Plan, Predicate, Subquery

COLUMNS: Final = (
    Field(name="id", type=Integer(), description="", required=True),
    Field(name="species", type=Text(), description=""),
)


def catalog_with(*tables: tuple[str, str | None]) -> Catalog:
    """A catalog with plain tables beside the registered types, each with its release."""
    plain = [
        Relation.plain(name, COLUMNS, PlainTable("cda", name, release), ("id",)) for name, release in tables
    ]
    return Catalog.from_registry(registry(), plain)


def among(relation: str) -> Predicate:
    return IsInQuery(field="identifier", query=Subquery(relation=relation, select="species"))


def test_a_catalog_of_tables_speaks_of_tables() -> None:
    table = Relation.plain("subject", COLUMNS, PlainTable("cda", "subject", None), ("id",))
    catalog = Catalog({"subject": table}, Registry(()))
    assert catalog.relation("subject") is table
    with pytest.raises(TableNotFound, match=r"^Table not found: 'subjekt'. Did you mean subject") as caught:
        catalog.relation("subjekt")
    assert caught.value.details == {"table": "subjekt"}


@pytest.mark.parametrize("kind", RelationKind)
def test_only_a_plain_relation_names_its_table(kind: RelationKind) -> None:
    is_plain = kind is RelationKind.PLAIN
    table = PlainTable("cda", "subject")
    Relation("x", COLUMNS, (), kind, table=table if is_plain else None)
    with pytest.raises(ValueError, match="names its table"):
        Relation("x", COLUMNS, (), kind, table=None if is_plain else table)


def test_labels_tell_relations_over_the_same_resources_apart() -> None:
    volume = Catalog.from_registry(registry()).relation("volume")
    relations = [volume, volume.with_deleted(), volume.only_deleted(), volume.with_history()]
    assert [relation.label for relation in relations] == [
        "volume",
        "volume:present",
        "volume:deleted",
        "volume:version",
    ]


def test_names_are_unique() -> None:
    with pytest.raises(ValueError, match="relations share the name volume"):
        catalog_with(("volume", None))


def test_a_plain_relation_binds() -> None:
    plan = Plan(relation="subject", where=Comparison(op="==", field="species", value="human"), limit=3)
    bound = bind(plan, catalog_with(("subject", None)))
    assert [column.name for column in bound.columns] == ["id", "species"]
    assert (bound.members, bound.reads_log, bound.is_versioned, bound.is_timeless) == ((), False, False, True)
    with pytest.raises(UnknownField, match="subject has no field"):
        bind(Plan(relation="subject", select=("identifier",)), catalog_with(("subject", None)))


@pytest.mark.parametrize(
    ("plan", "reads_log"),
    [
        (Plan(relation="commit"), True),
        (Plan(relation="volume"), False),
        (Plan(relation="subject"), False),
        (Plan(relation="volume", where=among("subject")), False),
    ],
)
def test_the_log_is_read_by_plans_over_commits_alone(plan: Plan, *, reads_log: bool) -> None:
    assert bind(plan, catalog_with(("subject", None))).reads_log is reads_log


@pytest.mark.parametrize(
    "asks",
    [
        {"history": True},
        {"as_of": "2025-01-01T00:00:00Z"},
        {"where": HasAncestor(identifier="patient/p")},
        {"where": HasDescendant(identifier="patient/p")},
    ],
    ids=["history", "as_of", "has_ancestor", "has_descendant"],
)
def test_a_plain_relation_has_no_past_and_no_lineage(asks: dict[str, object]) -> None:
    plan = Plan.model_validate({"relation": "subject", **asks}, strict=False)
    with pytest.raises(InvalidPlan, match="subject"):
        bind(plan, catalog_with(("subject", "2025.4")))


def test_what_reads_a_plain_relation_beside_others_has_no_past_either() -> None:
    plan = Plan.model_validate(
        {"relation": "volume", "where": among("subject"), "as_of": "2025-01-01T00:00:00Z"}, strict=False
    )
    with pytest.raises(InvalidPlan, match="subject: a table without versions has no past") as caught:
        bind(plan, catalog_with(("subject", None)))
    assert caught.value.details["relations"] == ["subject"]


@pytest.mark.parametrize(
    ("releases", "expected"),
    [
        ((None, None), None),
        (("2025.4", None), None),
        (("2025.4", "7"), ("2025.4", "7")),
    ],
)
def test_a_result_is_cached_by_release_or_not_at_all(
    releases: tuple[str | None, str | None], expected: tuple[str, ...] | None
) -> None:
    known = catalog_with(("one", releases[0]), ("two", releases[1]))
    where = IsInQuery(field="species", query=Subquery(relation="two", select="species"))
    assert bind(Plan(relation="one", where=where), known).releases == expected
    assert bind(Plan(relation="volume"), known).releases == ()


def test_a_copy_leaves_views_out() -> None:
    """Clients are pickled with their catalog, which a server of the same process may have viewed."""
    catalog = Catalog.from_registry(registry())
    catalog.seen_by(Grants(read=("datasource/a",)))
    copied = copy.deepcopy(catalog)
    assert copied.relations == catalog.relations
    assert copied.seen_by(Grants(types=())).relations.keys() == {"resource", "commit"}
    assert pickle.dumps(catalog)
