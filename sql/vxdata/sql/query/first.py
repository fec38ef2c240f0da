"""First per group: of the rows that fulfil the condition, one of each group is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from vxdata.sql.names import column
from vxdata.sql.query.nested import with_column
from vxdata.sql.query.operands import order_terms, sort_key

if TYPE_CHECKING:
    from vxdata.schemas.binding import BoundPlan
    from vxdata.sql.query.target import Target

PLACE: Final = "place in group"
"""Name of a computed column; no field has a blank in its name."""


def first_per(query: exp.Select, plan: BoundPlan, target: Target) -> exp.Select:
    """Number the rows of each group that fulfil the condition, and go on with the first ones."""
    if plan.first is None:
        return query
    table, dialect = plan.relation.name, target.dialect
    place = exp.Window(
        this=exp.RowNumber(),
        partition_by=[sort_key(key, table, dialect) for key in plan.first.keys],
        order=exp.Order(expressions=order_terms(plan.first.order, table, dialect)),
    )
    items = (key.column.name for key in plan.keys or () if key.part == "item")
    query = with_column(query, plan, exp.alias_(place, PLACE, quoted=True), items)
    is_first = exp.EQ(this=column(PLACE, table), expression=exp.Literal.number(1))
    return query.where(is_first, copy=False)
