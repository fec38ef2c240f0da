"""First per group: of the rows that fulfil the condition, one of each group is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from vxdata.sql.names import column
from vxdata.sql.query.operands import operand, order_terms

if TYPE_CHECKING:
    from vxdata.schemas.binding import BoundPlan
    from vxdata.sql.query.target import Target

PLACE: Final = "place in group"
"""Name of a computed column; no field has a blank in its name."""


def first_per(query: exp.Select, plan: BoundPlan, target: Target) -> exp.Select:
    """Number the rows of each group, and go on with the first ones.

    The condition goes along to the rows that are numbered; all other clauses see the rows that are left,
    under the name that they have had before.
    """
    if plan.first is None:
        return query
    table, dialect = plan.relation.name, target.dialect
    where, source = query.args.pop("where", None), query.args.pop("from_")
    used = {node.name for node in query.find_all(exp.Column) if node.table == table}
    place = exp.Window(
        this=exp.RowNumber(),
        partition_by=[operand(key, table, dialect) for key in plan.first.keys],
        order=exp.Order(expressions=order_terms(plan.first.order, table, dialect)),
    )
    rows = exp.select(*(column(field.name, table) for field in plan.relation.columns if field.name in used))
    rows = rows.select(exp.alias_(place, PLACE, quoted=True), copy=False).from_(source.this, copy=False)
    if where is not None:
        rows = rows.where(where.this, copy=False)
    alias = exp.to_identifier(table, quoted=True)
    is_first = exp.EQ(this=column(PLACE, table), expression=exp.Literal.number(1))
    return query.from_(rows.subquery(alias, copy=False), copy=False).where(is_first, copy=False)
