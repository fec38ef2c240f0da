"""Short reads: the present state of a few resources, named or the first ones, in one prepared statement.

PostgreSQL finds a few rows in less time than it takes to plan for them. So one statement is made for all
reads of a kind, and brings the commit clock along: one statement sees one snapshot, and takes one round trip.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from vxdata.schemas.catalog import RelationKind
from vxdata.schemas.plan.bound import BoundComparison, BoundIsIn, BoundOrder, Operand
from vxdata.sql import clock
from vxdata.sql.compile import compile_plan
from vxdata.sql.instant import Instant
from vxdata.sql.literals import texts
from vxdata.sql.names import text
from vxdata.sql.shapes import SLOT, slot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.plan import BoundPlan
    from vxdata.schemas.plan.values import Literal

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
    """What a statement depends on: all of the bound plan but the values of its parameters.

    Args:
        plan: The plan, with a slot in the place of the identifiers.
        parameter: What an identifier is compared with, if some are named.
    """

    plan: BoundPlan
    parameter: str | None

    def __hash__(self) -> int:
        """Hash by what tells most plans apart; to hash every column would take longer than all else."""
        names = tuple(output.field.name for output in self.plan.outputs)
        return hash((self.plan.relation, self.plan.where is None, self.plan.limit, names, self.parameter))


def short_read(bound: BoundPlan) -> ShortRead | None:
    """Recognise a short read.

    Only the bound plan is looked at: binding may add to what was asked for.

    Args:
        bound: A bound plan.

    Returns:
        The query; None if the plan asks for more than the present state of a few resources, which the index
        of identifiers finds.
    """
    is_state = bound.relation.kind is RelationKind.RESOURCE and bound.as_of is None
    is_plain = bound.keys is None and not bound.distinct and not bound.offset
    if not is_state or not is_plain:
        return None
    return _first(bound) if bound.where is None else _named(bound)


def _named(bound: BoundPlan) -> ShortRead | None:
    if bound.limit is not None or bound.order:
        return None
    match _texts_of(bound):
        case ():
            return None
        case (identifier,):
            return ShortRead(_statement_for("$1", bound), (text(identifier),))
        case identifiers:
            return ShortRead(_statement_for("ANY($1)", bound), (texts(identifiers),))


def _texts_of(bound: BoundPlan) -> tuple[str, ...]:
    """The identifiers that a plan names, if that is its whole condition; none if they are too many."""
    values: Sequence[Literal] = ()
    match bound.where:
        case BoundComparison("==", operand, value) if operand == _key(bound):
            values = (value,)
        case BoundIsIn(operand, several) if operand == _key(bound) and len(several) <= MOST_NAMED:
            values = several
    return tuple(value.value for value in values if isinstance(value.value, str))


def _key(bound: BoundPlan) -> Operand:
    return Operand(bound.relation.column_by_name[KEY])


def _statement_for(parameter: str, bound: BoundPlan) -> str:
    where = BoundComparison("==", _key(bound), slot(0))
    return _statement(_Shape(replace(bound, where=where), parameter))


def _first(bound: BoundPlan) -> ShortRead | None:
    limit = bound.limit
    by_key = (BoundOrder(_key(bound)),)
    if limit is None or bound.order != by_key or not any(column.name == KEY for column in bound.columns):
        return None
    rows = next((rows for rows in FIRST_ROWS if limit <= rows), None)
    if rows is None:
        return None
    return ShortRead(_statement(_Shape(replace(bound, limit=rows), None)), most=limit)


@lru_cache(MOST_STATEMENTS)
def _statement(shape: _Shape) -> str:
    statement = compile_plan(shape.plan, PRESENT)
    if shape.parameter is None:
        return clock.beside(statement, order=KEY)
    return clock.beside(SLOT.sub(shape.parameter, statement))
