"""Tests of the items of a list, or of the keys of a mapping."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.sql.conditions.comparison import unknown_for_null
from vxdata.sql.literals import text_array
from vxdata.sql.names import column
from vxdata.sql.operands import operand

if TYPE_CHECKING:
    from collections.abc import Callable

    from vxdata.schemas.plan.bound import BoundItemsTest
    from vxdata.sql.conditions import Scope

MOST_OVERLAPPED = 20
"""Items up to which `&&`, which compares each with each, is the fastest."""

OF_KEYS = {"contains_any": "jsonb_exists_any", "contains_all": "jsonb_exists_all"}


def items_test(predicate: BoundItemsTest, scope: Scope) -> exp.Expr:
    """A list or mapping that has some, or all, of the items."""
    value, wanted = operand(predicate.operand, scope.table), text_array(predicate.values)
    if predicate.is_mapping:
        return exp.Anonymous(this=OF_KEYS[predicate.op], expressions=[value, wanted])
    if predicate.op == "contains_all":
        return exp.ArrayContainsAll(this=value, expression=wanted)
    if len(predicate.values) <= MOST_OVERLAPPED:
        return exp.ArrayOverlaps(this=value, expression=wanted)
    test = has_item(value, lambda item: exp.EQ(this=item, expression=exp.Any(this=exp.paren(wanted))))
    return unknown_for_null(test, value, scope)


def has_item(value: exp.Expr, test: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
    """Some item of a list passes a test, which PostgreSQL can hash; false for a null."""
    items = exp.Table(
        this=exp.Anonymous(this="unnest", expressions=[value.copy()]),
        alias=exp.TableAlias(this=_quoted("items"), columns=[_quoted("item")]),
    )
    return exp.Exists(this=exp.select("1").from_(items).where(test(column("item", "items"))))


def _quoted(name: str) -> exp.Identifier:
    return exp.to_identifier(name, quoted=True)
