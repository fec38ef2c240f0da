"""Bind conditions on a value of the row: comparisons, lists of literals, texts, items; and, or, not."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from vxdata.schemas.binding.bound_predicates import (
    BoundAnd,
    BoundComparison,
    BoundIsIn,
    BoundIsNull,
    BoundItemsTest,
    BoundNot,
    BoundOr,
    BoundTextTest,
)
from vxdata.schemas.binding.kinds import require_comparable
from vxdata.schemas.binding.values import Literal, literal, type_name
from vxdata.schemas.errors import FieldTypeMismatch, InvalidPlan
from vxdata.schemas.fields import Integer, Nested, Text, TextLike, TextList
from vxdata.schemas.plan.predicates import (
    MAX_PATTERN_LENGTH,
    And,
    Comparison,
    IsIn,
    IsNull,
    ItemsTest,
    Not,
    Or,
    TextTest,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.binding.bind import Binders, BindingScope
    from vxdata.schemas.binding.bound_predicates import BoundPredicate, Operand
    from vxdata.schemas.plan.predicates import ComparisonOperator, Value

MAX_INTEGER: Final = 2**63
"""The smallest number above every 64-bit integer."""


def comparison(predicate: Comparison, scope: BindingScope) -> BoundPredicate:
    """Bind a comparison of a field with a literal."""
    operand = scope.operand_of(predicate)
    require_comparable(operand, scope.relation)
    value = literal(str(operand), operand.type, predicate.value)
    if _can_equal(operand, value):
        return BoundComparison(predicate.op, operand, value)
    return _beside_fraction(predicate.op, operand, float(value.value))  # type: ignore[arg-type]  # no integer equals it


def is_in(predicate: IsIn, scope: BindingScope) -> BoundPredicate:
    """Bind a test that a field, or some item of a list field, is among literals."""
    operand = scope.operand_of(predicate)
    if isinstance(operand.type, TextList):
        return some_item(operand, predicate.values)
    require_comparable(operand, scope.relation)
    typed = tuple(literal(str(operand), operand.type, value) for value in predicate.values)
    return BoundIsIn(operand, tuple(value for value in typed if _can_equal(operand, value)))


def is_null(predicate: IsNull, scope: BindingScope) -> BoundIsNull:
    """Bind a test that a field is null, or that it is not."""
    operand = scope.operand_of(predicate)
    return BoundIsNull(operand, negated=predicate.op == "is_not_null")


def _can_equal(operand: Operand, value: Literal) -> bool:
    """Whether a value of the operand can equal the literal: no integer equals a fraction."""
    return not (isinstance(operand.type, Integer) and isinstance(value.value, float))


def _beside_fraction(op: ComparisonOperator, operand: Operand, number: float) -> BoundPredicate:
    """Compare integers with a fraction as integers: as doubles, those beyond 2**53 would be rounded."""
    never = BoundIsIn(operand, ())
    is_below = op in {"<", "<="}
    if op in {"==", "!="}:
        return never if op == "==" else BoundNot(never)
    if abs(number) >= MAX_INTEGER:
        return BoundNot(never) if is_below is (number > 0) else never
    if is_below:
        return BoundComparison("<=", operand, Literal(math.floor(number)))
    return BoundComparison(">=", operand, Literal(math.ceil(number)))


def text_test(predicate: TextTest, scope: BindingScope) -> BoundTextTest:
    """Bind a test that a text is, contains, begins or ends with another, or matches a regular expression."""
    operand = scope.operand_of(predicate)
    if not isinstance(operand.type, TextLike):
        wanted = type_name(operand.type)
        hint = " For a list, use has or contains_any." if isinstance(operand.type, TextList) else ""
        msg = f"{operand} is of type {wanted}; {predicate.op} needs a text field.{hint}"
        raise FieldTypeMismatch(msg, field=str(operand), field_type=wanted)
    if predicate.op == "matches" and len(predicate.text) > MAX_PATTERN_LENGTH:
        length = len(predicate.text)
        msg = f"The regular expression for {operand} has {length:,} characters, over {MAX_PATTERN_LENGTH:,}."
        raise InvalidPlan(msg, field=str(operand), length=length, limit=MAX_PATTERN_LENGTH)
    text = literal(str(operand), Text(), predicate.text)
    return BoundTextTest(predicate.op, operand, text, predicate.ignore_case)


def items_test(predicate: ItemsTest, scope: BindingScope) -> BoundItemsTest:
    """Bind a test that a list or mapping has some, or all, of the items."""
    operand = scope.operand_of(predicate)
    if not isinstance(operand.type, Nested):
        wanted = type_name(operand.type)
        msg = f"{operand} is of type {wanted}; contains_any, contains_all and has need a list or a mapping."
        raise FieldTypeMismatch(msg, field=str(operand), field_type=wanted)
    return BoundItemsTest(predicate.op, operand, _items(operand, predicate.values))


def some_item(operand: Operand, values: Sequence[Value]) -> BoundItemsTest:
    """Make a test that some item of a list is among the values."""
    return BoundItemsTest("contains_any", operand, _items(operand, values))


def _items(operand: Operand, values: Sequence[Value]) -> tuple[Literal, ...]:
    return tuple(literal(f"An item of {operand}", Text(), value) for value in values)


def all_of(predicate: And, scope: BindingScope) -> BoundAnd:
    """Bind the conjunction of some terms: all must hold."""
    return BoundAnd(tuple(map(scope.bind, predicate.terms)))


def any_of(predicate: Or, scope: BindingScope) -> BoundOr:
    """Bind the disjunction of some terms: at least one must hold."""
    return BoundOr(tuple(map(scope.bind, predicate.terms)))


def not_(predicate: Not, scope: BindingScope) -> BoundNot:
    """Bind the negation of a term."""
    return BoundNot(scope.bind(predicate.term))


BINDERS: Final[Binders] = {
    Comparison: comparison,
    IsIn: is_in,
    IsNull: is_null,
    TextTest: text_test,
    ItemsTest: items_test,
    And: all_of,
    Or: any_of,
    Not: not_,
}
"""Kind of condition -> how it is bound."""
