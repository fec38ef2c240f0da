"""Tests of the items of a list, or of the keys of a mapping."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.fields import Text
from vxdata.sql.query.conditions.comparison import unknown_for_null
from vxdata.sql.query.operands import operand

if TYPE_CHECKING:
    from sqlglot import exp

    from vxdata.schemas.binding.bound_predicates import BoundItemsTest
    from vxdata.sql.query.target import Scope


def items_test(predicate: BoundItemsTest, scope: Scope) -> exp.Expr:
    """A list or mapping that has some, or all, of the items."""
    value, wanted = operand(predicate.operand, scope.table, scope.dialect), predicate.values
    dialect, is_any = scope.dialect, predicate.op == "contains_any"
    if predicate.is_mapping:
        return dialect.has_any_key(value, wanted) if is_any else dialect.has_all_keys(value, wanted)
    if not is_any:
        return dialect.has_all(value, wanted)
    if len(wanted) <= dialect.max_overlapped:
        return dialect.has_any(value, wanted)
    array = dialect.array_of(wanted, Text())
    test = dialect.has_item(value, lambda item: dialect.is_any_of(item, array))
    return unknown_for_null(test, value, scope)
