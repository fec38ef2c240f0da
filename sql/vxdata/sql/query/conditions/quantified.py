"""Comparisons with any, or with all, of the values that a subquery finds.

Written with the least or the largest of them: that is found once, where PostgreSQL's own `ALL (SELECT …)`
would compare each row with each value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.sql.query.conditions.comparison import OPERATORS, null_or_false, null_or_true
from vxdata.sql.query.operands import operand
from vxdata.sql.query.subqueries import extreme_of

if TYPE_CHECKING:
    from vxdata.schemas.binding.bound_predicates import BoundQuantified
    from vxdata.sql.query.target import Scope


def quantified(predicate: BoundQuantified, scope: Scope) -> exp.Expr:
    """A value above or below any, or all; over no values the first is false, the second true."""
    value = operand(predicate.operand, scope.table, scope.dialect)
    is_above = predicate.op in {">", ">="}
    is_all = predicate.quantifier == "all"
    bound = extreme_of(predicate.query, exp.Max if is_above is is_all else exp.Min, scope)
    test = OPERATORS[predicate.op](this=value, expression=bound.subquery(copy=False))
    if not is_all and not scope.negated:
        return test
    of_none = null_or_true(value) if is_all else null_or_false(value)
    return exp.Coalesce(this=test, expressions=[of_none])
