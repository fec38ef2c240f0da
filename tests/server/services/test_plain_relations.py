"""Plain relations: tables that VxData did not design, read beside its own."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

import pytest

from tests.server.support import CALL, create, resources
from vxdata.schemas.catalog import Catalog, PlainTable, Relation
from vxdata.schemas.catalog.registry import Registry, registry
from vxdata.schemas.errors import InvalidPlan
from vxdata.schemas.fields import Field, Float, Integer, Text
from vxdata.schemas.plan import Aggregate, Comparison, HasAncestor, IsInQuery, OrderBy, Plan, Subquery
from vxdata.server.result_cache.cache import ResultCache
from vxdata.server.result_cache.store import CacheStore
from vxdata.server.services.read import ReadService

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from vxdata.server.database.monitor import CancellationMonitor
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.services.write import WriteService

COLUMNS: Final = (
    Field(name="subject id", type=Text(), description="", required=True),
    Field(name="Age", type=Integer(), description=""),
    Field(name="score", type=Float(), description=""),
)
ROWS: Final = [
    {"subject id": "a'b", "Age": 40, "score": 1.5},
    {"subject id": "c", "Age": None, "score": -2.0},
    {"subject id": "patient/p", "Age": 7, "score": None},
]


def catalog_of(release: str | None) -> Catalog:
    table = PlainTable("Cancer Data", "Subject", release)
    return Catalog.from_registry(registry(), [Relation.plain("subject", COLUMNS, table, ("subject id",))])


@pytest.fixture(scope="module", autouse=True)
def written(database: ConnectionPool, creates: WriteService) -> None:
    create(creates, resources("datasource", {"identifier": "datasource/d", "license": "CC0"}))
    parent = {"parent_identifier": "datasource/d", "license": "CC0"}
    create(creates, resources("patient", *({"identifier": f"patient/{x}", **parent} for x in "pq")))
    with database.connection() as connection:
        connection.execute(
            'CREATE SCHEMA "Cancer Data"',
            'CREATE TABLE "Cancer Data"."Subject" '
            '("subject id" text PRIMARY KEY, "Age" bigint, score double precision)',
            "INSERT INTO \"Cancer Data\".\"Subject\" VALUES ('a''b', 40, 1.5), ('c', NULL, -2), "
            "('patient/p', 7, NULL)",
        )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CacheStore]:
    with closing(CacheStore(tmp_path / "answers", 1024**3)) as store:
        yield store


def rows(service: ReadService, plan: Plan) -> list[dict[str, Any]]:
    return [row for batch in service.run(plan, CALL).batches for row in batch.to_pylist()]


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (Plan(relation="subject", order_by=(OrderBy(field="subject id"),)), ROWS),
        (Plan(relation="subject", limit=2), ROWS[:2]),
        (Plan(relation="subject", where=Comparison(op=">", field="Age", value=10)), ROWS[:1]),
        (
            Plan(
                relation="subject",
                group_by=(),
                aggregates=(Aggregate(function="sum", field="score", name="total"),),
            ),
            [{"total": -0.5}],
        ),
        (
            Plan(
                relation="patient",
                select=("identifier",),
                where=IsInQuery(field="identifier", query=Subquery(relation="subject", select="subject id")),
            ),
            [{"identifier": "patient/p"}],
        ),
    ],
    ids=["whole", "limit", "condition", "aggregate", "subquery"],
)
def test_a_plain_relation_is_read(
    database: ConnectionPool, monitor: CancellationMonitor, plan: Plan, expected: list[dict[str, object]]
) -> None:
    service = ReadService(database, catalog_of(None), monitor)
    assert rows(service, plan) == expected
    assert plan.relation in service.explain(plan, CALL).sql.lower()
    assert service.describe(plan, CALL)[0] == plan


@pytest.mark.parametrize("release", [None, "2025.4"])
def test_a_result_is_kept_for_a_release_and_never_without_one(
    database: ConnectionPool, monitor: CancellationMonitor, store: CacheStore, release: str | None
) -> None:
    plan = Plan(relation="subject", select=("Age",), where=Comparison(op="==", field="subject id", value="c"))
    service = ReadService(database, catalog_of(release), monitor, ResultCache(store, asks=1))
    change = 'UPDATE "Cancer Data"."Subject" SET "Age" = {} WHERE "subject id" = \'c\''
    try:
        assert rows(service, plan) == [{"Age": None}]
        with database.connection() as connection:
            connection.execute(change.format(50))
        assert rows(service, plan) == [{"Age": None if release else 50}]
        next_release = ReadService(database, catalog_of("2026.1"), monitor, ResultCache(store, asks=1))
        assert rows(next_release, plan) == [{"Age": 50}]
    finally:
        with database.connection() as connection:
            connection.execute(change.format("NULL"))


def test_the_past_is_refused(database: ConnectionPool, monitor: CancellationMonitor) -> None:
    service = ReadService(database, catalog_of("2025.4"), monitor)
    with pytest.raises(InvalidPlan, match="subject has no history"):
        service.run(Plan(relation="subject", history=True), CALL)


def test_ancestors_in_a_registry_of_one_type(database: ConnectionPool, monitor: CancellationMonitor) -> None:
    """There are no other types whose tables could be read."""
    only = Registry((registry().get("datasource"),))
    service = ReadService(database, Catalog.from_registry(only), monitor)
    plan = Plan(relation="datasource", where=HasAncestor(identifier="datasource/d"))
    assert rows(service, plan) == []
