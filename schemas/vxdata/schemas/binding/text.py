"""Tests of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.errors import FieldTypeMismatch, InvalidPlan
from vxdata.schemas.fields import Text, TextLike, TextList
from vxdata.schemas.plan.bound import BoundTextTest
from vxdata.schemas.plan.predicates import MOST_PATTERN
from vxdata.schemas.plan.values import literal, type_name

if TYPE_CHECKING:
    from vxdata.schemas.binding import Scope
    from vxdata.schemas.plan.predicates import TextTest


def text_test(predicate: TextTest, scope: Scope) -> BoundTextTest:
    """A text that is, contains, begins or ends with another, or matches a regular expression."""
    operand = scope.operand(predicate.field, predicate.key)
    if not isinstance(operand.type, TextLike):
        wanted = type_name(operand.type)
        hint = " For a list, use has or contains_any." if isinstance(operand.type, TextList) else ""
        msg = f"{operand} is of type {wanted}; {predicate.op} needs a text field.{hint}"
        raise FieldTypeMismatch(msg, field=str(operand), field_type=wanted)
    if predicate.op == "matches" and len(predicate.text) > MOST_PATTERN:
        length = len(predicate.text)
        msg = f"The regular expression for {operand} has {length:,} characters, over {MOST_PATTERN:,}."
        raise InvalidPlan(msg, field=str(operand), length=length, limit=MOST_PATTERN)
    text = literal(str(operand), Text(), predicate.text)
    return BoundTextTest(predicate.op, operand, text, predicate.ignore_case)
