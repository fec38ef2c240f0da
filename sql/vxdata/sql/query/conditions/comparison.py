"""Comparisons with one literal, and tests for null."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.sql.literals import to_sql
from vxdata.sql.query.operands import operand

if TYPE_CHECKING:
    from vxdata.schemas.binding.bound_predicates import BoundComparison, BoundIsNull
    from vxdata.schemas.plan import ComparisonOperator
    from vxdata.sql.query.target import Scope

OPERATORS: dict[ComparisonOperator, type[exp.Binary]] = {
    "==": exp.EQ,
    "!=": exp.NEQ,
    "<": exp.LT,
    "<=": exp.LTE,
    ">": exp.GT,
    ">=": exp.GTE,
}


def comparison(predicate: BoundComparison, scope: Scope) -> exp.Expr:
    """A value beside a literal."""
    left = operand(predicate.operand, scope.table, scope.dialect)
    return OPERATORS[predicate.op](this=left, expression=to_sql(predicate.value))


def is_null(predicate: BoundIsNull, scope: Scope) -> exp.Expr:
    """A value that is null, or is not."""
    test = operand(predicate.operand, scope.table, scope.dialect).is_(exp.null())
    return exp.not_(test) if predicate.negated else test


def unknown_for_null(test: exp.Expr, value: exp.Expr, scope: Scope) -> exp.Expr:
    """Make a test unknown where the value is null, for tests that SQL would call false there.

    `NULLIF(value IS NULL, TRUE)` is null for a null and false for all else.
    """
    if not scope.negated:
        return test
    return exp.paren(exp.Or(this=exp.paren(test), expression=null_or_false(value)))


def null_or_false(value: exp.Expr) -> exp.Expr:
    """Unknown where the value is null, else false."""
    return exp.Nullif(this=value.copy().is_(exp.null()), expression=exp.true())


def null_or_true(value: exp.Expr) -> exp.Expr:
    """Unknown where the value is null, else true."""
    return exp.Nullif(this=exp.not_(value.copy().is_(exp.null())), expression=exp.false())
