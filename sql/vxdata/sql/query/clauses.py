"""The clauses that follow from one part of a plan each: WHERE, DISTINCT, ORDER BY, LIMIT and OFFSET."""

# ruff: noqa: ARG001 - one shape for all rules

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.sql.query.conditions import scope_of
from vxdata.sql.query.ordering import ordered

if TYPE_CHECKING:
    from sqlglot import exp

    from vxdata.schemas.plan import BoundPlan
    from vxdata.sql.query.target import Target


def distinct(query: exp.Select, plan: BoundPlan, target: Target) -> exp.Select:
    """Return equal rows once, where the plan asks for that."""
    return query.distinct(copy=False) if plan.distinct else query


def restrict(query: exp.Select, plan: BoundPlan, target: Target) -> exp.Select:
    """Add the plan's predicate, if it has one."""
    if plan.where is None:
        return query
    scope = scope_of(plan.relation.name, target.dialect)
    return query.where(scope.condition(plan.where), copy=False)


def order(query: exp.Select, plan: BoundPlan, target: Target) -> exp.Select:
    """Order the rows, ties included, where the plan asks for an order or for a part of the rows."""
    return ordered(query, plan.order, plan.relation.name, target.dialect)


def paginate(query: exp.Select, plan: BoundPlan, target: Target) -> exp.Select:
    """Take a part of the rows, where the plan asks for one."""
    if plan.limit is not None:
        query = query.limit(plan.limit, copy=False)
    return query.offset(plan.offset, copy=False) if plan.offset else query
