"""Ordering: the order of rows as an ORDER BY clause."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.schemas.binding.bound import Output
from vxdata.sql.names import column
from vxdata.sql.query.operands import operand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.binding.bound import BoundOrder
    from vxdata.sql.dialect.base import Dialect


def ordered(query: exp.Select, order: Sequence[BoundOrder], table: str, dialect: Dialect) -> exp.Select:
    """Order a query.

    Args:
        query: What to order.
        order: By what, the most important first.
        table: Name of its rows.
        dialect: How the engine writes.

    Returns:
        The query, as it is where there is no order.
    """
    return query.order_by(*(_term(term, table, dialect) for term in order), copy=False) if order else query


def _term(order: BoundOrder, table: str, dialect: Dialect) -> exp.Expr:
    by = column(order.by.field.name) if isinstance(order.by, Output) else operand(order.by, table, dialect)
    # Without nulls their place does not matter: PostgreSQL's own choice lets it read an index backwards.
    nulls_first = order.descending if order.required else order.nulls_first
    return exp.Ordered(this=by, desc=order.descending, nulls_first=nulls_first)
