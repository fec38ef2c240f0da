"""Restrict: the plan's predicate as a WHERE clause."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.sql.bind import BoundAnd, BoundComparison, BoundIsIn, BoundIsNull, BoundOr
from vxdata.sql.names import column

if TYPE_CHECKING:
    from vxdata.schemas.plan import ComparisonOperator
    from vxdata.sql.bind import BoundPlan, BoundPredicate
    from vxdata.sql.instant import Instant

OPERATORS: dict[ComparisonOperator, type[exp.Binary]] = {
    "==": exp.EQ,
    "!=": exp.NEQ,
    "<": exp.LT,
    "<=": exp.LTE,
    ">": exp.GT,
    ">=": exp.GTE,
}


def restrict(query: exp.Select, plan: BoundPlan, instant: Instant) -> exp.Select:  # noqa: ARG001 - one shape for all rules
    """Add the plan's predicate, if it has one."""
    if plan.where is None:
        return query
    return query.where(_condition(plan.where, plan.relation.name))


def _condition(predicate: BoundPredicate, table: str) -> exp.Expr:
    match predicate:
        case BoundComparison(op=op, column=field, value=value):
            return OPERATORS[op](this=column(field.name, table), expression=value.to_sql())
        case BoundIsIn(values=()):
            return exp.false()
        case BoundIsIn(column=field, values=values):
            return exp.In(this=column(field.name, table), expressions=[value.to_sql() for value in values])
        case BoundIsNull(column=field, negated=negated):
            is_null = column(field.name, table).is_(exp.null())
            return is_null.not_() if negated else is_null
        case BoundAnd(terms=terms):
            return exp.and_(*(_condition(term, table) for term in terms))
        case BoundOr(terms=terms):
            return exp.or_(*(_condition(term, table) for term in terms))
