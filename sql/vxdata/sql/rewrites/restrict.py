"""Restrict: the plan's predicate as a WHERE clause."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.sql.bind import BoundAnd, BoundComparison, BoundIsIn, BoundIsNull, BoundOr
from vxdata.sql.literals import array_text
from vxdata.sql.names import DIALECT, column
from vxdata.sql.types import catalog_type

if TYPE_CHECKING:
    from vxdata.schemas.fields import Field
    from vxdata.schemas.plan import ComparisonOperator
    from vxdata.sql.bind import BoundPlan, BoundPredicate
    from vxdata.sql.instant import Instant
    from vxdata.sql.literals import Literal

MOST_LISTED = 100
"""Values of a membership test that are written one by one."""

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
            return _membership(column(field.name, table), field, values)
        case BoundIsNull(column=field, negated=negated):
            is_null = column(field.name, table).is_(exp.null())
            return is_null.not_() if negated else is_null
        case BoundAnd(terms=terms):
            return exp.and_(*(_condition(term, table) for term in terms))
        case BoundOr(terms=terms):
            return exp.or_(*(_condition(term, table) for term in terms))


def _membership(target: exp.Column, field: Field, values: tuple[Literal, ...]) -> exp.Expr:
    """Few values as a list; many as one array literal, which PostgreSQL parses and hashes at once."""
    if len(values) <= MOST_LISTED:
        return exp.In(this=target, expressions=[value.to_sql() for value in values])
    array_type = catalog_type(field.type)
    array = exp.cast(exp.Literal.string(array_text(values)), f"{array_type}[]", dialect=DIALECT)
    return exp.EQ(this=target, expression=exp.Any(this=exp.paren(array)))
