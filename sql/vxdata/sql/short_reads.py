"""Short reads: the present state of a few resources, named or the first ones, in one prepared statement.

PostgreSQL finds a few rows in less time than it takes to plan for them. So one statement is made for all
reads of a kind, and brings the commit clock along: one statement sees one snapshot, and takes one round trip.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from vxdata.schemas.catalog import Rows
from vxdata.schemas.plan.bound import BoundComparison, BoundIsIn, Operand
from vxdata.sql import clock
from vxdata.sql.compile import compile_plan
from vxdata.sql.instant import Instant
from vxdata.sql.literals import texts
from vxdata.sql.names import text
from vxdata.sql.shapes import SLOT, slot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.catalog import Relation
    from vxdata.schemas.plan import BoundPlan, Plan
    from vxdata.schemas.plan.values import Literal

NAMED: Final = frozenset({"version", "resource_type", "where", "select"})
"""What a plan states at most, if it reads named resources."""

FIRST: Final = frozenset({"version", "resource_type", "select", "limit"})
"""What a plan states at most, if it reads the first resources."""

MOST_NAMED: Final = 20
"""Most resources that are named."""

FIRST_ROWS: Final = (1, 10, 30, 100)
"""How many rows a statement reads that reads the first ones; those over the limit of the plan are left out.

A statement for each limit would often have to be prepared anew. With the limit as a parameter PostgreSQL
plans each time, since for one that it does not know it takes a tenth of the table.
"""

MOST_STATEMENTS: Final = 200
"""Statements that are remembered, each of about ten kilobytes."""

KEY: Final = "identifier"

PRESENT: Final = Instant(0, datetime.min.replace(tzinfo=UTC), is_current=True)
"""Any current instant: a statement that reads the present state names none."""


@dataclass(frozen=True)
class ShortRead:
    """A query for a few rows.

    Args:
        statement: A SELECT with the parameters that `literals` are for. Its rows have the last commit beside
            them (see `clock.beside`); the first ones are in order.
        literals: The parameters' values as SQL: an identifier, or an array of them.
        most: How many of the rows are wanted; all if None.
    """

    statement: str
    literals: tuple[str, ...] = ()
    most: int | None = None


@dataclass(frozen=True)
class _Shape:
    """What a statement depends on: all but the values of its parameters.

    Args:
        relation: What is read.
        select: Which columns; all if None.
        limit: How many rows; without one, those that are named.
        parameter: What an identifier is compared with, if some are named.
        plan: The plan, with a slot in the place of the identifiers.
    """

    relation: Relation
    select: tuple[str, ...] | None
    limit: int | None
    parameter: str | None
    plan: BoundPlan = field(compare=False)


def short_read(plan: Plan, bound: BoundPlan) -> ShortRead | None:
    """Recognise a short read.

    Args:
        plan: What is asked.
        bound: The same plan, bound.

    Returns:
        The query; None if the plan asks for more than the present state of a few resources, which the index
        of identifiers finds.
    """
    if bound.relation.rows is not Rows.RESOURCE:
        return None
    if plan.model_fields_set <= NAMED:
        return _named(plan, bound)
    return _first(plan, bound) if plan.model_fields_set <= FIRST else None


def _named(plan: Plan, bound: BoundPlan) -> ShortRead | None:
    identifiers = () if bound.most_rows is None else _texts_of(bound)
    match identifiers:
        case ():
            return None
        case (identifier,):
            return ShortRead(_statement_for("$1", plan, bound), (text(identifier),))
        case _:
            return ShortRead(_statement_for("ANY($1)", plan, bound), (texts(identifiers),))


def _texts_of(bound: BoundPlan) -> tuple[str, ...]:
    """The identifiers that a plan names; none if they are too many."""
    values: Sequence[Literal] = ()
    match bound.where:
        case BoundComparison(op="==", value=value):
            values = (value,)
        case BoundIsIn(values=several) if len(several) <= MOST_NAMED:
            values = several
    return tuple(value.value for value in values if isinstance(value.value, str))


def _statement_for(parameter: str, plan: Plan, bound: BoundPlan) -> str:
    where = BoundComparison("==", Operand(bound.relation.column_by_name[KEY]), slot(0))
    with_slot = replace(bound, where=where)
    return _statement(_Shape(bound.relation, plan.select, None, parameter, with_slot))


def _first(plan: Plan, bound: BoundPlan) -> ShortRead | None:
    limit = bound.limit
    if limit is None or not any(column.name == KEY for column in bound.columns):
        return None
    rows = next((rows for rows in FIRST_ROWS if limit <= rows), None)
    if rows is None:
        return None
    shape = _Shape(bound.relation, plan.select, rows, None, replace(bound, limit=rows))
    return ShortRead(_statement(shape), most=limit)


@lru_cache(MOST_STATEMENTS)
def _statement(shape: _Shape) -> str:
    statement = compile_plan(shape.plan, PRESENT)
    if shape.parameter is None:
        return clock.beside(statement, order=KEY)
    return clock.beside(SLOT.sub(shape.parameter, statement))
