"""Nested rows: a query for the rows with one more column takes the place of the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.sql.names import column

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vxdata.schemas.binding import BoundPlan


def with_column(
    query: exp.Select, plan: BoundPlan, added: exp.Expr, needed: Iterable[str] = ()
) -> exp.Select:
    """Add a computed column to the rows of a query.

    The condition goes along to the rows; all other clauses see them with the new column, under the name that
    they have had before.

    Args:
        query: A query of a plan's rows.
        plan: The plan.
        added: The column, with its name.
        needed: Names of columns that a later rule will ask for.

    Returns:
        The query.
    """
    table = plan.relation.name
    where, source = query.args.pop("where", None), query.args.pop("from_")
    used = {node.name for node in query.find_all(exp.Column) if node.table == table}.union(needed)
    rows = exp.select(*(column(field.name, table) for field in plan.relation.columns if field.name in used))
    rows = rows.select(added, copy=False).from_(source.this, copy=False)
    if where is not None:
        rows = rows.where(where.this, copy=False)
    return query.from_(rows.subquery(exp.to_identifier(table, quoted=True), copy=False), copy=False)
