"""Restrict: the plan's predicate as a WHERE clause."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.sql.conditions import Scope

if TYPE_CHECKING:
    from sqlglot import exp

    from vxdata.schemas.plan import BoundPlan
    from vxdata.sql.instant import Instant


def restrict(query: exp.Select, plan: BoundPlan, instant: Instant) -> exp.Select:  # noqa: ARG001 - one shape for all rules
    """Add the plan's predicate, if it has one."""
    if plan.where is None:
        return query
    return query.where(Scope(plan.relation.name).condition(plan.where), copy=False)
