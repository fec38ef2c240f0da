"""Catalogs over Flight: cohorts as frames, plain tables, and the actions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.flight
import pytest

from tests.cohorts.compare import without_order
from tests.cohorts.example import FOUND, SHOWN
from vxdata.schemas.catalog.reflected import ForeignKey, ReflectedColumn, ReflectedSchema, ReflectedTable
from vxdata.schemas.cohorts import CohortCondition, CohortPlan, Match, parse_filter
from vxdata.schemas.cohorts.codec import encode_cohort
from vxdata.schemas.identity import EVERYTHING
from vxdata.schemas.plan import Aggregate, Comparison, OrderBy, Plan
from vxdata.schemas.wire import (
    CATALOG_KEY,
    DIGEST_KEY,
    RELEASE_KEY,
    Action,
    CatalogDescription,
    CatalogInfo,
    CatalogList,
    CatalogRequest,
    CohortCount,
    CohortSummary,
    CohortValues,
    CohortValuesRequest,
    Explanation,
)
from vxdata.schemas.wire.tickets import CohortTicket, Ticket, encode_ticket

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cohorts.example import Found, Shown
    from vxdata.schemas.wire import Message
    from vxdata.server.app import Server


@pytest.fixture(scope="module")
def raw(cda_server: Server) -> Iterator[Any]:
    with pyarrow.flight.connect(cda_server.flight_url) as client:
        yield client


def read(raw: Any, ticket: Ticket | CohortTicket) -> pa.Table:
    return raw.do_get(pyarrow.flight.Ticket(encode_ticket(ticket))).read_all()


def act(raw: Any, action: Action, body: Message | bytes = b"") -> bytes:
    content = body if isinstance(body, bytes) else body.to_bytes()
    (answer,) = raw.do_action(pyarrow.flight.Action(action, content))
    return bytes(answer.body.to_pybytes())


def cohort_of(endpoint: str, body: dict[str, Any]) -> CohortPlan:
    every, some = (tuple(map(parse_filter, body.get(key, ()))) for key in ("MATCH_ALL", "MATCH_SOME"))
    return CohortPlan(
        catalog="cda",
        endpoint=endpoint,
        entities=Match(match_all=every, match_some=some),
        add=tuple(body.get("ADD_COLUMNS", ())),
        nest=body.get("COLLATE_RESULTS", False),
    )


class TestCohorts:
    @pytest.mark.parametrize("case", FOUND, ids=lambda case: f"{case.endpoint} {case.found} {case.trap}")
    def test_what_is_found(self, raw: Any, case: Found) -> None:
        plan = cohort_of(case.endpoint, case.body)
        found = read(raw, CohortTicket(plan)).column(f"{case.endpoint}_id").to_pylist()
        assert " ".join(found) == case.found
        assert CohortCount.model_validate_json(
            act(raw, Action.COHORT_COUNT, encode_cohort(plan))
        ).count == len(found)

    @pytest.mark.parametrize("case", SHOWN, ids=lambda case: str(case.body))
    def test_what_is_shown(self, raw: Any, case: Shown) -> None:
        rows = read(raw, CohortTicket(cohort_of(case.endpoint, case.body))).to_pylist()
        by_id = {row[f"{case.endpoint}_id"]: row for row in rows}
        shown = {key: {name: by_id[key][name] for name in columns} for key, columns in case.rows.items()}
        assert without_order(shown) == without_order(case.rows)

    def test_the_schema_says_where_the_rows_come_from(self, raw: Any, cda_server: Server) -> None:
        plan = CohortPlan(catalog="cda", endpoint="file", limit=1)
        table = read(raw, CohortTicket(plan))
        loaded = cda_server._services.catalogs.seen_by(EVERYTHING)["cda"].loaded
        assert table.schema.metadata == {
            CATALOG_KEY: b"cda",
            DIGEST_KEY: loaded.digest.encode(),
            RELEASE_KEY: str(loaded.release).encode(),
        }
        ticket = encode_ticket(CohortTicket(plan))
        info = raw.get_flight_info(pyarrow.flight.FlightDescriptor.for_command(ticket))
        assert info.schema == table.schema
        assert info.endpoints[0].ticket.ticket == ticket

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"catalog": "cdb"}, "UNKNOWN_CATALOG.*no catalog 'cdb'"),
            ({"endpoint": "project"}, "TABLE_NOT_FOUND: Table not found: project"),
            ({"add": ("nope",)}, "COLUMN_NOT_FOUND: Column Not Found: nope"),
            (
                {"entities": Match(match_all=(CohortCondition(column="species", op="=", value=1),))},
                "FILTER_TYPE_MISMATCH",
            ),
        ],
    )
    def test_what_is_refused(self, raw: Any, changes: dict[str, Any], message: str) -> None:
        plan = CohortPlan(catalog="cda", endpoint="subject").model_copy(update=changes)
        with pytest.raises(pyarrow.flight.FlightServerError, match=message):
            read(raw, CohortTicket(plan))


class TestPlainTables:
    def test_the_language_of_plans(self, raw: Any) -> None:
        condition = Comparison(op=">=", field="age", value=50)
        plan = Plan(
            relation="observation", where=condition, order_by=(OrderBy(field="age"),), select=("age",)
        )
        table = read(raw, Ticket(plan, "cda"))
        assert table.column("age").to_pylist() == [50, 60, 70]
        assert table.schema.field("age").type == pa.int64()
        assert table.schema.metadata[CATALOG_KEY] == b"cda"

    def test_groups(self, raw: Any) -> None:
        total = Aggregate(function="sum", field="size", name="total")
        plan = Plan(relation="file", group_by=(), aggregates=(total,))
        assert read(raw, Ticket(plan, "cda")).to_pylist() == [{"total": 35}]

    def test_it_is_described_and_explained(self, raw: Any) -> None:
        ticket = encode_ticket(Ticket(Plan(relation="project"), "cda"))
        info = raw.get_flight_info(pyarrow.flight.FlightDescriptor.for_command(ticket))
        assert info.schema.names == ["id_alias", "id", "type", "name"]
        assert info.endpoints[0].ticket.ticket == ticket
        explained = Explanation.model_validate_json(act(raw, Action.EXPLAIN, ticket))
        assert '"cda"."project"' in explained.sql
        assert "project" in explained.postgresql
        cohort = encode_ticket(CohortTicket(CohortPlan(catalog="cda", endpoint="file")))
        assert "Scan" in Explanation.model_validate_json(act(raw, Action.EXPLAIN, cohort)).postgresql

    @pytest.mark.parametrize(
        ("plan", "catalog", "message"),
        [
            (Plan(relation="volume"), "cda", "TABLE_NOT_FOUND"),
            (
                Plan(relation="subject", where=Comparison(op="==", field="nope", value=1)),
                "cda",
                "UNKNOWN_FIELD",
            ),
            (Plan(relation="subject", history=True), "cda", "INVALID_PLAN.*no history"),
            (Plan(relation="subject"), "other", "UNKNOWN_CATALOG"),
            (Plan(relation="subject"), None, "UNKNOWN_CATALOG.*only catalogs"),
        ],
    )
    def test_what_is_refused(self, raw: Any, plan: Plan, catalog: str | None, message: str) -> None:
        with pytest.raises(pyarrow.flight.FlightServerError, match=message):
            read(raw, Ticket(plan, catalog))


class TestActions:
    def test_the_catalogs_are_listed(self, raw: Any) -> None:
        (info,) = CatalogList.model_validate_json(act(raw, Action.CATALOGS)).catalogs
        assert (info.name, info.is_loaded, info.serves_cohorts, info.tables) == ("cda", True, True, 13)

    def test_a_description_makes_the_same_schema_again(self, raw: Any, cda_server: Server) -> None:
        body = act(raw, Action.CATALOG, CatalogRequest(name="cda"))
        found = CatalogDescription.model_validate_json(body)
        tables = tuple(
            ReflectedTable(
                table.name,
                tuple(ReflectedColumn(**column.model_dump()) for column in table.columns),
                table.primary_key,
                tuple(ForeignKey(**key.model_dump()) for key in table.foreign_keys),
                table.comment,
            )
            for table in found.described
        )
        assert ReflectedSchema(found.schema_name, tables).digest == found.digest
        assert {column.column for column in found.columns} >= {"species", "anatomic_site", "file_type"}
        assert found.sources == ("GDC", "IDC")
        assert cda_server._services.catalogs.seen_by(EVERYTHING)["cda"].loaded.digest == found.digest

    def test_a_refresh(self, raw: Any) -> None:
        info = CatalogInfo.model_validate_json(act(raw, Action.REFRESH_CATALOG, CatalogRequest(name="cda")))
        assert (info.name, info.tables) == ("cda", 13)

    def test_a_summary(self, raw: Any) -> None:
        plan = encode_cohort(CohortPlan(catalog="cda", endpoint="subject"))
        summary = CohortSummary.model_validate_json(act(raw, Action.COHORT_SUMMARY, plan)).summary
        assert (summary["total_count"], summary["file_count"]) == (4, 3)

    def test_values(self, raw: Any) -> None:
        asked = CohortValuesRequest(catalog="cda", column="species", sources=("GDC",), limit=1)
        found = CohortValues.model_validate_json(act(raw, Action.COHORT_VALUES, asked))
        assert (found.values[0]["value_count"], len(found.values), found.total) == (1, 1, 2)

    def test_a_body_of_another_form(self, raw: Any) -> None:
        with pytest.raises(pyarrow.flight.FlightServerError, match="INVALID_PLAN"):
            act(raw, Action.COHORT_SUMMARY, json.dumps({"catalog": "cda"}).encode())
