"""Compile: a bound plan at an instant becomes SQL text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.sql.dialect.postgres import POSTGRESQL
from vxdata.sql.names import unresolved
from vxdata.sql.query.rewrites import RULES
from vxdata.sql.query.target import Target

if TYPE_CHECKING:
    from vxdata.schemas.binding import BoundPlan
    from vxdata.sql.dialect.base import Dialect
    from vxdata.sql.instant import Instant


def compile_plan(plan: BoundPlan, instant: Instant, dialect: Dialect = POSTGRESQL) -> str:
    """Render a query.

    Args:
        plan: A bound plan.
        instant: The instant to read at, resolved in the snapshot that will run the query.
        dialect: The dialect of the engine.

    Returns:
        One SELECT statement; all values in it are literals, because bound parameters would switch
        the driver's COPY streaming off.
    """
    return dialect.render(query_of(plan, instant, dialect))


def query_of(plan: BoundPlan, instant: Instant, dialect: Dialect) -> exp.Select:
    """Build the tree of a query.

    Args:
        plan: A bound plan.
        instant: The instant to read at.
        dialect: The dialect of the engine.

    Returns:
        A tree that belongs to the caller.
    """
    source = unresolved(plan.relation.label)
    query = exp.Select().from_(exp.alias_(source, plan.relation.name, table=True, quoted=True), copy=False)
    target = Target(instant, dialect)
    for rule in RULES:
        query = rule(query, plan, target)
    return query
