"""Tests of text; every character but those of a regular expression stands for itself.

Collation "C" knows the case of ASCII alone, so what ignores case, and every regular expression, goes
through functions of the database that use a Unicode collation (migration 0006).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.sql.literals import to_sql
from vxdata.sql.names import SCHEMA
from vxdata.sql.operands import operand

if TYPE_CHECKING:
    from collections.abc import Callable

    from vxdata.schemas.plan import TextOperator
    from vxdata.schemas.plan.bound import BoundTextTest
    from vxdata.sql.conditions import Scope


def text_test(predicate: BoundTextTest, scope: Scope) -> exp.Expr:
    """A text that is, contains, begins or ends with another, or matches a regular expression."""
    value: exp.Expr = operand(predicate.operand, scope.table)
    text = to_sql(predicate.text)
    if predicate.op == "matches":
        return _own("matches_any_case" if predicate.ignore_case else "matches", value, text)
    if predicate.ignore_case:
        value, text = _own("fold", value), _own("fold", text)
    return TESTS[predicate.op](value, text)


def _equals(value: exp.Expr, text: exp.Expr) -> exp.Expr:
    return exp.EQ(this=value, expression=text)


def _contains(value: exp.Expr, text: exp.Expr) -> exp.Expr:
    return exp.GT(this=_call("strpos", value, text), expression=exp.Literal.number(0))


def _startswith(value: exp.Expr, text: exp.Expr) -> exp.Expr:
    """The function that PostgreSQL can turn into a range of an index."""
    return _call("starts_with", value, text)


def _endswith(value: exp.Expr, text: exp.Expr) -> exp.Expr:
    return exp.EQ(this=_call("right", value, _call("length", text.copy())), expression=text)


TESTS: dict[TextOperator, Callable[[exp.Expr, exp.Expr], exp.Expr]] = {
    "equals": _equals,
    "contains": _contains,
    "startswith": _startswith,
    "endswith": _endswith,
}


def _own(name: str, *arguments: exp.Expr) -> exp.Expr:
    return _call(f"{SCHEMA}.{name}", *arguments)


def _call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=list(arguments))
