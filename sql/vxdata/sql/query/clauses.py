"""Clauses that each follow from one part of a plan: SELECT, DISTINCT, WHERE, ORDER BY, LIMIT and OFFSET."""

# ruff: noqa: ARG001 - one shape for all rules

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.schemas.binding.bound_predicates import Operand
from vxdata.schemas.fields import Float, NumberMap, TextMap
from vxdata.sql.names import column
from vxdata.sql.query.conditions import scope_of
from vxdata.sql.query.operands import one_of_equals, ordered
from vxdata.sql.query.relatives import with_relatives

if TYPE_CHECKING:
    from vxdata.schemas.binding import BoundPlan
    from vxdata.schemas.fields import Field
    from vxdata.sql.dialect.base import Dialect
    from vxdata.sql.query.target import Target


def project(query: exp.Select, plan: BoundPlan, target: Target) -> exp.Select:
    """Select the plan's columns; of a grouped plan, its keys."""
    table = plan.relation.name
    fields = [output.field for output in plan.outputs if isinstance(output.source, Operand)]
    merges = plan.distinct or plan.keys is not None
    outputs = (_output(field, table, target.dialect, merges=merges) for field in fields)
    return query.select(*outputs, copy=False)


def _output(field: Field, table: str, dialect: Dialect, *, merges: bool) -> exp.Expr:
    source = column(field.name, table)
    if merges and isinstance(field.type, Float):
        return exp.alias_(one_of_equals(source, Operand(field)), field.name, quoted=True)
    if isinstance(field.type, TextMap | NumberMap):
        return exp.alias_(dialect.entries(source, field.type), field.name, quoted=True)
    return source


def distinct(query: exp.Select, plan: BoundPlan, target: Target) -> exp.Select:
    """Return equal rows once, where the plan asks for that."""
    return query.distinct(copy=False) if plan.distinct else query


def restrict(query: exp.Select, plan: BoundPlan, target: Target) -> exp.Select:
    """Add the plan's predicate, if it has one, and the recursive queries that it refers to."""
    if plan.where is None:
        return query
    scope = scope_of(plan.relation.name, target.dialect)
    query = query.where(scope.condition(plan.where), copy=False)
    return with_relatives(query, plan, target.dialect)


def order(query: exp.Select, plan: BoundPlan, target: Target) -> exp.Select:
    """Order the rows, ties included, where the plan asks for an order or for a part of the rows."""
    return ordered(query, plan.order, plan.relation.name, target.dialect)


def paginate(query: exp.Select, plan: BoundPlan, target: Target) -> exp.Select:
    """Take a part of the rows, where the plan asks for one."""
    if plan.limit is not None:
        query = query.limit(plan.limit, copy=False)
    return query.offset(plan.offset, copy=False) if plan.offset else query
