"""Paginate: limit and offset."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp

    from vxdata.schemas.plan import BoundPlan
    from vxdata.sql.instant import Instant


def paginate(query: exp.Select, plan: BoundPlan, instant: Instant) -> exp.Select:  # noqa: ARG001 - one shape for all rules
    """Take a part of the rows, where the plan asks for one."""
    if plan.limit is not None:
        query = query.limit(plan.limit, copy=False)
    return query.offset(plan.offset, copy=False) if plan.offset else query
