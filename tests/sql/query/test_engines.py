"""Engines: how many conditions DuckDB is asked; the case files show which of them stay with PostgreSQL."""

from __future__ import annotations

import pytest

from vxdata.schemas.binding import bind
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.plan import IsInQuery, Or, Plan, Subquery, TextTest
from vxdata.sql.query.engines import MAX_CONDITIONS, Abilities, reason_for_postgresql


def any_of(count: int) -> Or:
    """So many conditions, the disjunction counted as one."""
    return Or(
        terms=tuple(TextTest(op="contains", field="license", text=str(number)) for number in range(count - 1))
    )


@pytest.mark.parametrize("surplus", [0, 1])
def test_conditions_count_wherever_they_stand(surplus: int) -> None:
    half = MAX_CONDITIONS // 2
    query = Subquery(relation="patient", select="identifier", where=any_of(half - 2))
    where = Or(terms=(any_of(half + surplus), IsInQuery(field="patient_id", query=query)))
    bound = bind(Plan(relation="volume", where=where), default_catalog())
    reason = reason_for_postgresql(bound, Abilities(folds_case=True))
    refusal = f"more than {MAX_CONDITIONS} conditions could not be cancelled soon"
    assert reason == (refusal if surplus else None)
