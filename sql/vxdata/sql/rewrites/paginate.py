"""Paginate: limit and offset, in the order of the key so that a limited query is reproducible."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.sql.names import column

if TYPE_CHECKING:
    from sqlglot import exp

    from vxdata.sql.bind import BoundPlan
    from vxdata.sql.instant import Instant


def paginate(query: exp.Select, plan: BoundPlan, instant: Instant) -> exp.Select:  # noqa: ARG001 - one shape for all rules
    """Add order, limit and offset where the plan asks for a part of the rows."""
    if plan.limit is None and not plan.offset:
        return query
    query = query.order_by(*(column(name, plan.relation.name) for name in plan.relation.key))
    if plan.limit is not None:
        query = query.limit(plan.limit)
    return query.offset(plan.offset) if plan.offset else query
