"""Point lookups: the present state of a few resources, named or the first ones, in one prepared statement.

PostgreSQL finds a few rows in less time than it takes to plan for them. So one statement is made for all
lookups of a kind, and brings the commit clock along: one statement sees one snapshot, and takes one round
trip.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from vxdata.schemas.binding.bound import BoundOrder
from vxdata.schemas.binding.bound_predicates import BoundComparison, BoundIsIn, Operand
from vxdata.schemas.binding.values import Literal, Parameter
from vxdata.schemas.catalog import RelationKind
from vxdata.sql import commit_clock as clock
from vxdata.sql.dialect.postgres import POSTGRESQL, texts
from vxdata.sql.names import text
from vxdata.sql.query.compile import compile_plan
from vxdata.sql.query.template import NO_INSTANT, Shape, Statement, Template, remembered

if TYPE_CHECKING:
    from vxdata.schemas.binding import BoundPlan
    from vxdata.schemas.binding.values import Scalar

MAX_NAMED: Final = 20
"""Most resources that are named."""

FIRST_ROWS: Final = (1, 10, 30, 100)
"""How many rows a statement reads that reads the first ones; those over the limit of the plan are left out.

A statement for each limit would often have to be prepared anew. With the limit as a parameter PostgreSQL
plans each time, since for one that it does not know it takes a tenth of the table.
"""

KEY: Final = "identifier"


def point_lookup(plan: BoundPlan) -> Statement | None:
    """Recognise a point lookup.

    Only the bound plan is looked at: binding may add to what was asked for.

    Args:
        plan: A bound plan.

    Returns:
        A statement to prepare. Its rows have the last commit beside them (see `clock.beside`); the first ones
        are in order, and may be more than the plan asks for. None if the plan asks for more than the present
        state of a few resources, which the index of identifiers finds.
    """
    is_state = plan.relation.kind is RelationKind.RESOURCE and plan.as_of is None
    is_plain = plan.keys is None and plan.first is None and not plan.distinct and not plan.offset
    if not is_state or not is_plain:
        return None
    return _first(plan) if plan.where is None else _named(plan)


def _first(plan: BoundPlan) -> Statement | None:
    limit = plan.limit
    if not isinstance(limit, int) or plan.order != (BoundOrder(_key(plan)),):
        return None
    rows = next((rows for rows in FIRST_ROWS if limit <= rows), None)
    if rows is None or not any(output.field.name == KEY for output in plan.outputs):
        return None
    return Statement(_first_rows(Shape(replace(plan, limit=rows), NO_INSTANT, POSTGRESQL)))


def _named(plan: BoundPlan) -> Statement | None:
    if plan.limit is not None or plan.order:
        return None
    match _identifiers(plan):
        case ():
            return None
        case (identifier,):
            return Statement(_lookup(plan, Parameter(1)), (text(identifier),))
        case identifiers:
            return Statement(_lookup(plan, Parameter(1, is_array=True)), (texts(identifiers),))


def _identifiers(plan: BoundPlan) -> tuple[str, ...]:
    """The identifiers that a plan names, if that is its whole condition; none if they are too many."""
    values: tuple[Scalar, ...] = ()
    match plan.where:
        case BoundComparison("==", operand, value) if operand == _key(plan):
            values = (value,)
        case BoundIsIn(operand, several) if operand == _key(plan) and len(several) <= MAX_NAMED:
            values = several
    return tuple(
        value.value for value in values if isinstance(value, Literal) and isinstance(value.value, str)
    )


def _lookup(plan: BoundPlan, identifiers: Parameter) -> Template:
    where = BoundComparison("==", _key(plan), identifiers)
    return _named_rows(Shape(replace(plan, where=where), NO_INSTANT, POSTGRESQL))


@remembered
def _named_rows(shape: Shape) -> Template:
    return Template.of(clock.with_clock(compile_plan(shape.plan, shape.instant, shape.dialect)))


@remembered
def _first_rows(shape: Shape) -> Template:
    return Template.of(clock.with_clock(compile_plan(shape.plan, shape.instant, shape.dialect), order=KEY))


def _key(plan: BoundPlan) -> Operand:
    return Operand(plan.relation.column_by_name[KEY])
