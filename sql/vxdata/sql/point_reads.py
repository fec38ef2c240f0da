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
from vxdata.sql import clock
from vxdata.sql.compile import compile_plan
from vxdata.sql.instant import Instant
from vxdata.sql.names import text
from vxdata.sql.shapes import MOST_SHAPES, SLOT, texts_of, with_slots

if TYPE_CHECKING:
    from vxdata.schemas.plan import BoundPlan, Plan
    from vxdata.sql.shapes import Lookup

PLAIN: Final = frozenset({"version", "resource_type", "where", "select"})
"""What a plan states at most, if it is a point read."""

PRESENT: Final = Instant(0, datetime.min.replace(tzinfo=UTC), is_current=True)
"""Any current instant: a statement that reads the present state names none."""


@dataclass(frozen=True)
class PointRead:
    """A query for the rows of a few identifiers.

    Args:
        statement: A SELECT with parameters, the same for all reads of the shape.
        arguments: The identifiers as SQL literals, in the order of the parameters.
    """

    statement: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class _Shape:
    """What a statement depends on: all but the identifiers."""

    resource_type: str
    select: tuple[str, ...] | None
    where: Lookup
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
    if (
        bound.most_rows is None
        or not plan.model_fields_set <= PLAIN
        or bound.relation.rows is not Rows.RESOURCE
    ):
        return None
    texts = texts_of(bound)
    where = None if texts is None else with_slots(bound.where, len(texts))
    if not texts or where is None:
        return None
    shape = _Shape(plan.resource_type, plan.select, where, replace(bound, where=where))
    return PointRead(_statement(shape), tuple(text(each) for each in texts))


@lru_cache(MOST_SHAPES)
def _statement(shape: _Shape) -> str:
    statement = compile_plan(shape.plan, PRESENT)
    return clock.beside(SLOT.sub(lambda slot: f"${int(slot[1]) + 1}", statement))
