"""Point reads: the present state of a few resources that are named, in one prepared statement.

PostgreSQL finds a row in less time than it takes to plan for it. So the statement is made once for all
identifiers, and brings the commit clock along: one statement sees one snapshot, and takes one round trip.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from vxdata.schemas.catalog import Rows
from vxdata.schemas.plan.bound import BoundComparison
from vxdata.schemas.plan.values import Literal
from vxdata.sql import clock
from vxdata.sql.compile import compile_plan
from vxdata.sql.instant import Instant
from vxdata.sql.literals import text_array
from vxdata.sql.names import render, text
from vxdata.sql.shapes import MARK, MOST_SHAPES, SLOT, Lookup, texts_of

if TYPE_CHECKING:
    from vxdata.schemas.plan import BoundPlan, Plan

PLAIN: Final = frozenset({"version", "resource_type", "where", "select"})
"""What a plan states at most, if it is a point read."""

PRESENT: Final = Instant(0, datetime.min.replace(tzinfo=UTC), is_current=True)
"""Any current instant: a statement that reads the present state names none."""


@dataclass(frozen=True)
class PointRead:
    """A query for the rows of a few identifiers.

    Args:
        statement: A SELECT with one parameter, the same for all reads of the shape.
        literal: The parameter's value as SQL: an identifier, or an array of them.
    """

    statement: str
    literal: str


@dataclass(frozen=True)
class _Shape:
    """What a statement depends on: all but the identifiers."""

    resource_type: str
    select: tuple[str, ...] | None
    is_one: bool
    plan: BoundPlan = field(compare=False)


def point_read(plan: Plan, bound: BoundPlan) -> PointRead | None:
    """Recognise a point read.

    Args:
        plan: What is asked.
        bound: The same plan, bound.

    Returns:
        Its statement, whose rows come in no particular order and each with the last commit beside it (see
        `clock.beside`); None if the plan asks for more than the present state of a few named resources.
    """
    names_resources = bound.most_rows is not None and bound.relation.rows is Rows.RESOURCE
    if not names_resources or not plan.model_fields_set <= PLAIN:
        return None
    identifiers = texts_of(bound)
    if not identifiers:
        return None
    is_one = len(identifiers) == 1
    literal = text(identifiers[0]) if is_one else render(text_array(map(Literal, identifiers)))
    return PointRead(_statement(_Shape(plan.resource_type, plan.select, is_one, bound)), literal)


@lru_cache(MOST_SHAPES)
def _statement(shape: _Shape) -> str:
    slot = Literal(f"{MARK}0{MARK}")
    where = shape.plan.where
    assert isinstance(where, Lookup)  # noqa: S101 - its texts are identifiers
    one = BoundComparison("==", where.operand, slot)
    statement = compile_plan(replace(shape.plan, where=one), PRESENT)
    return clock.beside(SLOT.sub("$1" if shape.is_one else "ANY($1)", statement))
