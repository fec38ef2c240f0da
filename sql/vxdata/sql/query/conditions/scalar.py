"""Conditions on one value: comparisons with a literal, tests for null and of text; and, or, not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.sql.literals import to_sql
from vxdata.sql.query.operands import operand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.binding.bound_predicates import (
        BoundAnd,
        BoundComparison,
        BoundIsNull,
        BoundNot,
        BoundOr,
        BoundTextTest,
    )
    from vxdata.schemas.plan import ComparisonOperator
    from vxdata.sql.query.target import ConditionScope

OPERATORS: dict[ComparisonOperator, type[exp.Binary]] = {
    "==": exp.EQ,
    "!=": exp.NEQ,
    "<": exp.LT,
    "<=": exp.LTE,
    ">": exp.GT,
    ">=": exp.GTE,
}


def comparison(predicate: BoundComparison, scope: ConditionScope) -> exp.Expr:
    """Write a comparison with a literal."""
    left = operand(predicate.operand, scope.table, scope.dialect)
    return OPERATORS[predicate.op](this=left, expression=to_sql(predicate.value))


def is_null(predicate: BoundIsNull, scope: ConditionScope) -> exp.Expr:
    """Write the test whether a value is null, or is not."""
    test = operand(predicate.operand, scope.table, scope.dialect).is_(exp.null())
    return exp.not_(test) if predicate.negated else test


def unknown_for_null(test: exp.Expr, value: exp.Expr, scope: ConditionScope) -> exp.Expr:
    """Make a test unknown where the value is null, for tests that SQL would call false there.

    `NULLIF(value IS NULL, TRUE)` is null for a null and false for all else.
    """
    if not scope.negated:
        return test
    return exp.paren(exp.Or(this=exp.paren(test), expression=null_or_false(value)))


def null_or_false(value: exp.Expr) -> exp.Expr:
    """Write an expression that is null where the value is null, and false elsewhere."""
    return exp.Nullif(this=value.copy().is_(exp.null()), expression=exp.true())


def null_or_true(value: exp.Expr) -> exp.Expr:
    """Write an expression that is null where the value is null, and true elsewhere."""
    return exp.Nullif(this=exp.not_(value.copy().is_(exp.null())), expression=exp.false())


def text_test(predicate: BoundTextTest, scope: ConditionScope) -> exp.Expr:
    """Write the test whether a text equals, contains, begins or ends with another, or matches a pattern."""
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


def all_of(predicate: BoundAnd, scope: ConditionScope) -> exp.Expr:
    """Write the conjunction of some terms: all must hold.

    More than the engine should plan one by one are grouped as `(a AND b …) IS TRUE`, which it does not open.
    """
    terms, most = [_part(scope.condition(term)) for term in predicate.terms], scope.dialect.max_planned_terms
    if len(terms) > most and not scope.negated:
        chunks = [terms[start : start + most] for start in range(0, len(terms), most)]
        terms = [_is_true(_balanced(exp.And, chunk)) for chunk in chunks]
    return _balanced(exp.And, terms)


def any_of(predicate: BoundOr, scope: ConditionScope) -> exp.Expr:
    """Write the disjunction of some terms: at least one must hold."""
    return _balanced(exp.Or, [_part(scope.condition(term)) for term in predicate.terms])


def not_(predicate: BoundNot, scope: ConditionScope) -> exp.Expr:
    """Write the negation of a term."""
    return exp.Not(this=exp.paren(scope.below_not().condition(predicate.term), copy=False))


def _is_true(term: exp.Expr) -> exp.Expr:
    return exp.Is(this=exp.paren(term, copy=False), expression=exp.true())


def _part(term: exp.Expr) -> exp.Expr:
    return exp.paren(term, copy=False) if isinstance(term, exp.Connector) else term


def _balanced(kind: type[exp.Connector], terms: Sequence[exp.Expr]) -> exp.Expr:
    """Join terms as a balanced tree, so that ten thousand of them are fourteen levels deep."""
    if len(terms) == 1:
        return terms[0]
    middle = len(terms) // 2
    return kind(this=_balanced(kind, terms[:middle]), expression=_balanced(kind, terms[middle:]))
