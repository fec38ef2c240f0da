"""Reflected catalogs of which a caller sees some, or some of their tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.server.cohorts.conftest import cda_server, example_uri
from tests.server.grants.support import call_of
from tests.server.support import CALL
from vxdata.schemas.cohorts import CohortPlan
from vxdata.schemas.errors import TableNotFound, UnknownCatalog
from vxdata.schemas.plan import Plan
from vxdata.server.services.catalog_info import description_of, info_of

if TYPE_CHECKING:
    from vxdata.server.app import Server
    from vxdata.server.call import Call
    from vxdata.server.services import Services

__all__ = ["cda_server", "example_uri"]

NONE = call_of(catalogs={})
FILES = call_of(catalogs={"cda": ("file", "column_metadata")})


@pytest.fixture
def services(cda_server: Server) -> Services:
    return cda_server._services


def rows(services: Services, table: str, call: Call) -> int:
    result = services.tables.run("cda", Plan(relation=table), call)
    return sum(batch.num_rows for batch in result.batches)


def test_a_hidden_catalog_is_an_unknown_one(services: Services) -> None:
    assert list(services.catalogs.seen_by(NONE.principal.grants)) == []
    for ask in (
        lambda: services.tables.run("cda", Plan(relation="file"), NONE),
        lambda: services.tables.describe("cda", Plan(relation="file"), NONE),
        lambda: services.tables.explain("cda", Plan(relation="file"), NONE),
        lambda: services.cohorts.rows(CohortPlan(catalog="cda", endpoint="file"), NONE),
        lambda: services.cohorts.columns("cda", NONE),
        lambda: services.cohorts.release_metadata("cda", NONE),
    ):
        with pytest.raises(UnknownCatalog) as caught:
            ask()
        assert caught.value.details["known"] == []


def test_of_a_catalog_some_tables_are_seen(services: Services) -> None:
    assert rows(services, "file", FILES) == rows(services, "file", CALL) > 0
    with pytest.raises(TableNotFound) as caught:
        rows(services, "subject", FILES)
    assert "Known: column_metadata, file." in caught.value.message or "mean file" in caught.value.message


def test_an_explanation_names_no_table_below_a_view(services: Services) -> None:
    plan, cohort = Plan(relation="file"), CohortPlan(catalog="cda", endpoint="file")
    whole = call_of(catalogs={"cda": None})
    for call, is_told in ((FILES, False), (whole, True), (CALL, True)):
        assert bool(services.tables.explain("cda", plan, call).postgresql) == is_told
    assert services.cohorts.explain(cohort, whole).postgresql


def test_a_description_names_what_is_seen(services: Services) -> None:
    (seen,) = services.catalogs.seen_by(FILES.principal.grants)
    assert info_of(seen).tables == 2
    described = description_of(seen.loaded)
    assert {table.name for table in described.described} == {"file", "column_metadata"}
    assert all(not table.foreign_keys for table in described.described)
    assert (
        described.digest
        != description_of(services.catalogs.seen_by(CALL.principal.grants)["cda"].loaded).digest
    )


def test_cohorts_need_their_tables(services: Services) -> None:
    with pytest.raises(UnknownCatalog, match="plain tables and no cohorts"):
        services.cohorts.columns("cda", FILES)
    (seen,) = services.catalogs.seen_by(FILES.principal.grants)
    assert info_of(seen).problem is None
    whole = call_of(catalogs={"cda": None})
    assert services.cohorts.columns("cda", whole) == services.cohorts.columns("cda", CALL)


def test_health_names_what_is_seen(services: Services) -> None:
    assert services.health.check(CALL).catalogs == {"cda": True}
    assert services.health.check(NONE).catalogs == {}
