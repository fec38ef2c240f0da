"""Membership: a value among literals, or among what a subquery finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.schemas.fields import TextList
from vxdata.sql.literals import to_sql
from vxdata.sql.query.conditions.comparison import null_or_false, unknown_for_null
from vxdata.sql.query.operands import operand
from vxdata.sql.query.subqueries import values_of

if TYPE_CHECKING:
    from vxdata.schemas.binding.bound_predicates import BoundIsIn, BoundIsInQuery
    from vxdata.sql.query.target import Scope

MOST_LISTED = 100
"""Values of a membership test that are written one by one."""


def is_in(predicate: BoundIsIn, scope: Scope) -> exp.Expr:
    """Few values as a list; many as one array."""
    value, values = operand(predicate.operand, scope.table, scope.dialect), predicate.values
    if not values:
        return null_or_false(value) if scope.negated else exp.false()
    if len(values) <= MOST_LISTED:
        return exp.In(this=value, expressions=[to_sql(literal) for literal in values])
    return scope.dialect.is_any_of(value, scope.dialect.array_of(values, predicate.operand.type))


def is_in_query(predicate: BoundIsInQuery, scope: Scope) -> exp.Expr:
    """A value, or some item of a list, among what a subquery finds."""
    value, found = operand(predicate.operand, scope.table, scope.dialect), values_of(predicate.query, scope)
    if isinstance(predicate.operand.type, TextList):
        return unknown_for_null(scope.dialect.has_item(value, lambda item: _in(item, found)), value, scope)
    return unknown_for_null(_in(value, found), value, scope)


def _in(value: exp.Expr, found: exp.Select) -> exp.Expr:
    return exp.In(this=value, query=found.subquery(copy=False))
