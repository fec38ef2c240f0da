"""The first parts of every statement: which entities are found, and which of them are on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from vxdata.sql.cohorts.matching import entity_condition
from vxdata.sql.cohorts.parts import ENTITY, KEY, alias, common, is_true, keys_of, named, table
from vxdata.sql.names import column, render

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vxdata.schemas.cohorts.bound import BoundCohort, BoundEntities, Endpoint

PRESELECT: Final = "filtered_preselect"
"""The entities that fulfil the conditions."""

PAGE: Final = "page"
"""Those of them that are shown."""


def preselect(entities: BoundEntities, endpoint: Endpoint, columns: Iterable[exp.Expr] = ()) -> exp.Select:
    """Select the keys of the entities that are found, and further columns of them."""
    key = alias(column(endpoint.key, ENTITY), KEY)
    found = exp.select(key, *columns).from_(table(endpoint.schema, endpoint.table, ENTITY))
    condition = entity_condition(entities, endpoint)
    return found if is_true(condition) else found.where(condition, copy=False)


def page_of(cohort: BoundCohort, *, is_counted: bool) -> list[exp.CTE]:
    """The common table expressions of a page.

    Args:
        cohort: The cohort.
        is_counted: Whether the same statement counts all entities that are found. They are kept then, so that the
            conditions are evaluated once; but for all entities two walks along an index are cheaper.

    Returns:
        `PRESELECT` and `PAGE`; the page is in the order of the keys, which is total.
    """
    found = preselect(cohort.entities, cohort.endpoint)
    is_filtered = found.args.get("where") is not None
    page = keys_of(PRESELECT)
    if cohort.limit is not None or cohort.offset:
        page = page.order_by(column(KEY, PRESELECT), copy=False).offset(cohort.offset, copy=False)
    if cohort.limit is not None:
        page = page.limit(cohort.limit, copy=False)
    return [common(PRESELECT, found, kept=is_counted and is_filtered), common(PAGE, page)]


def total() -> exp.Expr:
    """The number of all entities that are found."""
    counted = exp.select(exp.Count(this=exp.Star())).from_(named(PRESELECT))
    return exp.Subquery(this=counted)


def count(cohort: BoundCohort) -> str:
    """Write the statement that counts all entities that are found, whatever the page.

    Args:
        cohort: The cohort.

    Returns:
        A statement that returns one number.
    """
    found = preselect(cohort.entities, cohort.endpoint).select(
        alias(exp.Count(this=exp.Star()), "total"), append=False, copy=False
    )
    return render(found)
