"""Whole count: the number of all live resources of a relation, which is kept with each commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vxdata.schemas.binding.bound import BoundAggregate
from vxdata.schemas.catalog import RelationKind
from vxdata.sql.names import unresolved, unresolved_count

if TYPE_CHECKING:
    from vxdata.schemas.binding import BoundPlan
    from vxdata.schemas.binding.bound import Output
    from vxdata.sql.query.target import Target


def count_everything(query: exp.Select, plan: BoundPlan, target: Target) -> exp.Select:  # noqa: ARG001 - one shape for all rules
    """Take the number that is kept, where a plan asks for nothing else; count only where none is.

    PostgreSQL runs the second argument of COALESCE if the first one is null.
    """
    if not counts_everything(plan):
        return query
    label = plan.relation.label
    table = exp.alias_(unresolved(label), plan.relation.name, table=True, quoted=True)
    counted = exp.select(exp.Count(this=exp.Star())).from_(table, copy=False).subquery(copy=False)
    number = exp.Coalesce(this=unresolved_count(label), expressions=[counted])
    return exp.select(
        *(exp.alias_(number.copy(), output.field.name, quoted=True) for output in plan.outputs), copy=False
    )


def counts_everything(plan: BoundPlan) -> bool:
    """Whether a plan asks for the number of all live resources of its relation, and nothing else.

    Where some are hidden, their number is not what is kept.
    """
    is_whole = plan.relation.kind is RelationKind.RESOURCE and plan.where is None and plan.first is None
    return (
        is_whole
        and plan.relation.visible is None
        and plan.keys == ()
        and all(map(_counts_rows, plan.outputs))
    )


def _counts_rows(output: Output) -> bool:
    match output.source:
        case BoundAggregate(function="count", operand=operand):
            return operand is None or operand.required
        case _:
            return False
