"""Comparisons with literals, membership, and tests for null."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from vxdata.schemas.binding.items import some_item
from vxdata.schemas.binding.kinds import require_comparable
from vxdata.schemas.fields import Integer, TextList
from vxdata.schemas.plan.bound import BoundComparison, BoundIsIn, BoundIsNull, BoundNot
from vxdata.schemas.plan.values import Literal, literal

if TYPE_CHECKING:
    from vxdata.schemas.binding import Scope
    from vxdata.schemas.plan.bound import BoundPredicate, Operand
    from vxdata.schemas.plan.predicates import Comparison, ComparisonOperator, IsIn, IsNull

MOST_INTEGER: Final = 2**63
"""What no integer reaches."""


def comparison(predicate: Comparison, scope: Scope) -> BoundPredicate:
    """A field compared with a literal."""
    operand = scope.operand(predicate.field, predicate.key)
    require_comparable(operand, scope.relation)
    value = literal(str(operand), operand.type, predicate.value)
    if _can_equal(operand, value):
        return BoundComparison(predicate.op, operand, value)
    return _beside_fraction(predicate.op, operand, float(value.value))  # type: ignore[arg-type]  # no integer equals it


def is_in(predicate: IsIn, scope: Scope) -> BoundPredicate:
    """A field among literals, or a list of which some item is."""
    operand = scope.operand(predicate.field, predicate.key)
    if isinstance(operand.type, TextList):
        return some_item(operand, predicate.values)
    require_comparable(operand, scope.relation)
    typed = tuple(literal(str(operand), operand.type, value) for value in predicate.values)
    return BoundIsIn(operand, tuple(value for value in typed if _can_equal(operand, value)))


def is_null(predicate: IsNull, scope: Scope) -> BoundIsNull:
    """A field that is null, or is not."""
    operand = scope.operand(predicate.field, predicate.key)
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
    if abs(number) >= MOST_INTEGER:
        return BoundNot(never) if is_below is (number > 0) else never
    if is_below:
        return BoundComparison("<=", operand, Literal(math.floor(number)))
    return BoundComparison(">=", operand, Literal(math.ceil(number)))
