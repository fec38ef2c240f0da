"""Operands: a column, or one entry of a mapping column; and orders by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.schemas.binding.bound import Output
from vxdata.schemas.fields import Float
from vxdata.sql.names import column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.binding.bound import BoundOrder
    from vxdata.schemas.binding.bound_predicates import Operand
    from vxdata.sql.dialect.base import Dialect


def operand(source: Operand, table: str, dialect: Dialect) -> exp.Expr:
    """Write an operand.

    Args:
        source: What is meant.
        table: Name of the rows that it belongs to.
        dialect: How the engine writes.

    Returns:
        A column, or the entry of a mapping in the type of its values; null where there is none.
    """
    whole = column(source.column.name, table)
    if source.key is None:
        return whole
    return dialect.entry(whole, source.key, is_number=isinstance(source.type, Float))


def one_of_equals(value: exp.Expr, source: Operand) -> exp.Expr:
    """Write an operand so that equal values are the same: of the two zeros of a float, that without a sign.

    Args:
        value: The operand.
        source: What is meant by it.
    """
    if not isinstance(source.type, Float):
        return value
    return exp.Add(this=value, expression=exp.Literal.number("0.0"))


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
