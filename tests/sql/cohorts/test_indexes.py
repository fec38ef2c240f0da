"""Indexes for cohorts: PostgreSQL makes them, and uses them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.cohorts.example import EXAMPLE
from vxdata.schemas.cohorts import CohortModel, CohortPlan, Match, bind_cohort, parse_filter
from vxdata.sql.cohorts import index_statements, page_as_json

if TYPE_CHECKING:
    from vxdata.server.database.pool import ConnectionPool

SCHEMA = "indexed"
MODEL = CohortModel.of(replace(EXAMPLE.schema, name=SCHEMA), EXAMPLE.rows("column_metadata"))


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("subject_id = S0", "subject_id_folded_vx"),
        ("diagnosis in ['glioma', 'other']", "observation_diagnosis_folded_vx"),
        ("upstream_id = case-0", "upstream_identifiers_upstream_id_folded_vx"),
    ],
)
def test_they_are_used(database: ConnectionPool, text: str, index: str) -> None:
    plan = CohortPlan(
        catalog="c", endpoint="subject", entities=Match(match_all=(parse_filter(text),)), limit=5
    )
    sql = page_as_json(bind_cohort(plan, MODEL)).count_sql
    with database.connection() as connection:
        if not connection.rows(f"SELECT 1 AS one FROM pg_namespace WHERE nspname = '{SCHEMA}'"):
            connection.execute(*EXAMPLE.statements(SCHEMA))
        connection.execute(*index_statements(MODEL))
        connection.execute(*index_statements(MODEL))  # those that are there stay
        with connection.transaction("BEGIN"):
            connection.execute("SET LOCAL enable_seqscan TO off")
            lines = [row["QUERY PLAN"] for row in connection.rows(f"EXPLAIN {sql}")]
    assert any(index in line for line in lines), "\n".join(lines)
