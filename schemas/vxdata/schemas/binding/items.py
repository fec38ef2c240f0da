"""Tests of the items of a list, or of the keys of a mapping."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.errors import FieldTypeMismatch
from vxdata.schemas.fields import Nested, Text
from vxdata.schemas.plan.bound import BoundItemsTest
from vxdata.schemas.plan.values import literal, type_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.binding import Scope
    from vxdata.schemas.plan.bound import Operand
    from vxdata.schemas.plan.predicates import ItemsTest, Value
    from vxdata.schemas.plan.values import Literal


def items_test(predicate: ItemsTest, scope: Scope) -> BoundItemsTest:
    """A list or mapping that has some, or all, of the items."""
    operand = scope.operand(predicate.field, predicate.key)
    if not isinstance(operand.type, Nested):
        wanted = type_name(operand.type)
        msg = f"{operand} is of type {wanted}; contains_any, contains_all and has need a list or a mapping."
        raise FieldTypeMismatch(msg, field=str(operand), field_type=wanted)
    return BoundItemsTest(predicate.op, operand, _items(operand, predicate.values))


def some_item(operand: Operand, values: Sequence[Value]) -> BoundItemsTest:
    """A list of which some item is among the values."""
    return BoundItemsTest("contains_any", operand, _items(operand, values))


def _items(operand: Operand, values: Sequence[Value]) -> tuple[Literal, ...]:
    return tuple(literal(f"An item of {operand}", Text(), value) for value in values)
