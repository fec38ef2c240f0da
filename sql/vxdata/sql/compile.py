"""Compile: a bound plan at an instant becomes PostgreSQL text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.sql.names import render, unresolved
from vxdata.sql.rewrites import RULES

if TYPE_CHECKING:
    from vxdata.schemas.plan import BoundPlan
    from vxdata.sql.instant import Instant


def compile_plan(plan: BoundPlan, instant: Instant) -> str:
    """Render a query.

    Args:
        plan: A bound plan.
        instant: The instant to read at, resolved in the snapshot that will run the query.

    Returns:
        One SELECT statement; all values in it are literals, because bound parameters would switch
        the driver's COPY streaming off.
    """
    return render(query_of(plan, instant))


def query_of(plan: BoundPlan, instant: Instant) -> exp.Select:
    """Build the tree of a query.

    Args:
        plan: A bound plan.
        instant: The instant to read at.

    Returns:
        A tree that belongs to the caller.
    """
    source = unresolved(plan.relation.label)
    query = exp.Select().from_(exp.alias_(source, plan.relation.name, table=True, quoted=True), copy=False)
    for rule in RULES:
        query = rule(query, plan, instant)
    return query
