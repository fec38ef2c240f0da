"""Order: the plan's order as an ORDER BY clause, ties included."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.sql.ordering import ordered

if TYPE_CHECKING:
    from sqlglot import exp

    from vxdata.schemas.plan import BoundPlan
    from vxdata.sql.instant import Instant


def order(query: exp.Select, plan: BoundPlan, instant: Instant) -> exp.Select:  # noqa: ARG001 - one shape for all rules
    """Order the rows, where the plan asks for an order or for a part of the rows."""
    return ordered(query, plan.order, plan.relation.name)
