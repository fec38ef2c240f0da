"""Clauses that each follow from one part of a plan: SELECT, DISTINCT, WHERE, ORDER BY, LIMIT and OFFSET."""

# ruff: noqa: ARG001 - one shape for all rules

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.schemas.binding.bound_predicates import Operand
from vxdata.schemas.fields import NumberMap, TextMap
from vxdata.sql.literals import as_scalar, to_sql
from vxdata.sql.query.conditions import scope_of
from vxdata.sql.query.operands import one_of_equals, operand, ordered
from vxdata.sql.query.relatives import with_relatives

if TYPE_CHECKING:
    from vxdata.schemas.binding import BoundPlan
    from vxdata.schemas.fields import Field
    from vxdata.sql.dialect.base import Dialect
    from vxdata.sql.query.target import Target


def project(query: exp.Select, plan: BoundPlan, target: Target) -> exp.Select:
    """Select the plan's columns; of a grouped plan, its keys."""
    table = plan.relation.name
    merges = plan.distinct or plan.keys is not None
    outputs = (
        _output(output.field, output.source, table, target.dialect, merges=merges)
        for output in plan.outputs
        if isinstance(output.source, Operand)
    )
    return query.select(*outputs, copy=False)


def _output(field: Field, source: Operand, table: str, dialect: Dialect, *, merges: bool) -> exp.Expr:
    value = operand(source, table, dialect)
    if merges:
        value = one_of_equals(value, source)
    elif isinstance(field.type, TextMap | NumberMap):
        value = dialect.entries(value, field.type)
    is_named = isinstance(value, exp.Column) and value.name == field.name
    return value if is_named else exp.alias_(value, field.name, quoted=True)


def distinct(query: exp.Select, plan: BoundPlan, target: Target) -> exp.Select:
    """Return equal rows once, where the plan asks for that."""
    return query.distinct(copy=False) if plan.distinct else query


def restrict(query: exp.Select, plan: BoundPlan, target: Target) -> exp.Select:
    """Add the plan's predicate, if it has one."""
    if plan.where is None:
        return query
    scope = scope_of(plan.relation.name, target.dialect)
    return query.where(scope.condition(plan.where), copy=False)


def relatives(query: exp.Select, plan: BoundPlan, target: Target) -> exp.Select:
    """Add the recursive queries that the plan's conditions refer to."""
    return with_relatives(query, plan, target.dialect)


def order(query: exp.Select, plan: BoundPlan, target: Target) -> exp.Select:
    """Order the rows, ties included, where the plan asks for an order or for a part of the rows."""
    return ordered(query, plan.order, plan.relation.name, target.dialect)


def paginate(query: exp.Select, plan: BoundPlan, target: Target) -> exp.Select:
    """Take a part of the rows, where the plan asks for one."""
    if plan.limit is not None:
        query = query.limit(to_sql(as_scalar(plan.limit)), copy=False)
    return query.offset(to_sql(as_scalar(plan.offset)), copy=False) if plan.offset else query
