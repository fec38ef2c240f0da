"""Operands: a column, one entry of a mapping column, a part of either, or its bin; and orders by them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.schemas.binding.bound import Output
from vxdata.schemas.binding.values import Literal
from vxdata.schemas.fields import Float, Integer, Timestamp
from vxdata.sql.literals import to_sql
from vxdata.sql.names import column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.binding.bound import BoundOrder
    from vxdata.schemas.binding.bound_predicates import Bins, Operand
    from vxdata.schemas.binding.values import Scalar
    from vxdata.sql.dialect.base import Dialect


def operand(source: Operand, table: str, dialect: Dialect) -> exp.Expr:
    """Write an operand.

    Args:
        source: What is meant.
        table: Name of the rows that it belongs to.
        dialect: The dialect of the engine.

    Returns:
        A column, the entry of a mapping in the type of its values, a part of that, or the number of the bin
        of that; null without a value.
    """
    value = _whole_or_part(source, table, dialect)
    return value if source.bins is None else _bin(value, source.bins, dialect)


def _whole_or_part(source: Operand, table: str, dialect: Dialect) -> exp.Expr:
    value: exp.Expr = column(source.column.name, table)
    if source.key is not None:
        whole = replace(source, part=None, bins=None)
        value = dialect.entry(value, source.key, is_number=isinstance(whole.type, Float))
    match source.part:
        case None:
            return value
        case "item":
            return column(item_column(source), table)
        case "n_items":
            return dialect.n_items(value)
        case "year" | "month" as part:
            is_instant = isinstance(source.column.type, Timestamp)
            return dialect.part_of_day(part, dialect.in_utc(value) if is_instant else value)


def _bin(value: exp.Expr, bins: Bins, dialect: Dialect) -> exp.Expr:
    """Write `floor((value - origin) / width)` of doubles.

    The bins beside the origin are told by comparisons: PostgreSQL refuses a quotient that is rounded to zero.
    """
    width, zero = to_sql(Literal(bins.width)), to_sql(Literal(0.0))
    moved: exp.Expr = exp.cast(value, exp.DType.DOUBLE)
    if bins.origin:
        moved = exp.paren(exp.Sub(this=moved, expression=to_sql(Literal(bins.origin))), copy=False)
    quotient = exp.Div(this=moved, expression=width, typed=True)
    is_first = exp.and_(moved.copy() >= zero, moved.copy() < width)
    is_before = exp.and_(moved.copy() < zero, moved.copy() >= to_sql(Literal(-bins.width)))
    chosen = exp.Case().when(is_first, zero).when(is_before, to_sql(Literal(-1.0)))
    return chosen.else_(exp.Floor(this=dialect.finite(quotient)))


def item_column(source: Operand) -> str:
    """The column that `each_item` adds for the items of a list or the keys of a mapping."""
    return f"item of {source.column.name}"


def sort_key(source: Operand, table: str, dialect: Dialect) -> exp.Expr:
    """Write an operand as rows are ordered or divided into groups by it, and then returned as they are.

    Args:
        source: What is meant.
        table: Name of the rows that it belongs to.
        dialect: The dialect of the engine.
    """
    value = operand(source, table, dialect)
    return dialect.sort_key(value) if isinstance(source.type, Float) else value


def one_of_equals(value: exp.Expr, source: Operand) -> exp.Expr:
    """Write an operand so that equal values are the same: of the two zeros of a float, that without a sign.

    Args:
        value: The operand.
        source: What is meant by it.
    """
    if not isinstance(source.type, Float):
        return value
    return exp.Add(this=value, expression=exp.Literal.number("0.0"))


def text_of(source: Operand, table: str, dialect: Dialect) -> exp.Expr:
    """Write an operand of texts or whole numbers as a text.

    Args:
        source: What is meant.
        table: Name of the rows that it belongs to.
        dialect: The dialect of the engine.
    """
    value = operand(source, table, dialect)
    return exp.cast(value, exp.DType.TEXT) if isinstance(source.type, Integer) else value


def hash_of(text: exp.Expr, seed: Scalar | None, dialect: Dialect) -> exp.Expr:
    """Write the hash of a text (see `vxdata.schemas.binding.hashes`).

    Args:
        text: What is hashed.
        seed: What is put before it.
        dialect: The dialect of the engine.

    Returns:
        A text that is compared by code points; null for a null.
    """
    whole = text if seed is None else exp.DPipe(this=to_sql(seed), expression=text)
    return dialect.text_by_code_points(dialect.md5(whole))


def ordered(query: exp.Select, order: Sequence[BoundOrder], table: str, dialect: Dialect) -> exp.Select:
    """Order a query.

    Args:
        query: What to order.
        order: By what, the most important first.
        table: Name of its rows.
        dialect: The dialect of the engine.

    Returns:
        The query, as it is where there is no order.
    """
    return query.order_by(*order_terms(order, table, dialect), copy=False) if order else query


def order_terms(order: Sequence[BoundOrder], table: str, dialect: Dialect) -> list[exp.Expr]:
    """Write the terms of an order.

    Args:
        order: By what, the most important first.
        table: Name of the rows.
        dialect: The dialect of the engine.
    """
    return [_term(term, table, dialect) for term in order]


def _term(order: BoundOrder, table: str, dialect: Dialect) -> exp.Expr:
    # Without nulls their place does not matter: PostgreSQL's own choice lets it read an index backwards.
    nulls_first = order.descending if order.required else order.nulls_first
    return exp.Ordered(this=_value(order, table, dialect), desc=order.descending, nulls_first=nulls_first)


def _value(order: BoundOrder, table: str, dialect: Dialect) -> exp.Expr:
    if isinstance(order.by, Output):
        return column(order.by.field.name)
    if order.seed is not None:
        return hash_of(text_of(order.by, table, dialect), order.seed, dialect)
    return sort_key(order.by, table, dialect)
