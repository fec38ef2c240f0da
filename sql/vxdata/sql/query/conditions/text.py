"""Tests of text; every character but those of a regular expression stands for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.sql.literals import to_sql
from vxdata.sql.query.operands import operand

if TYPE_CHECKING:
    from vxdata.schemas.binding.bound_predicates import BoundTextTest
    from vxdata.sql.query.target import Scope


def text_test(predicate: BoundTextTest, scope: Scope) -> exp.Expr:
    """A text that is, contains, begins or ends with another, or matches a regular expression."""
    value = operand(predicate.operand, scope.table, scope.dialect)
    text = to_sql(predicate.text)
    dialect = scope.dialect
    if predicate.op == "matches":
        return dialect.matches(value, text, ignore_case=predicate.ignore_case)
    if predicate.ignore_case:
        value, text = dialect.fold(value), dialect.fold(text)
    match predicate.op:
        case "equals":
            return exp.EQ(this=value, expression=text)
        case "contains":
            return dialect.contains(value, text)
        case "startswith":
            return dialect.starts_with(value, text)
        case "endswith":
            return dialect.ends_with(value, text)
