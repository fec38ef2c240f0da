"""Distinct: equal rows once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp

    from vxdata.schemas.plan import BoundPlan
    from vxdata.sql.instant import Instant


def distinct(query: exp.Select, plan: BoundPlan, instant: Instant) -> exp.Select:  # noqa: ARG001 - one shape for all rules
    """Return equal rows once, where the plan asks for that."""
    return query.distinct(copy=False) if plan.distinct else query
