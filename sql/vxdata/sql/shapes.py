"""Shapes: plans that differ in nothing but the texts that they look for are rendered once.

Rendering takes half of a millisecond, which is what PostgreSQL takes to find a row. So a plan is rendered
with *slots* in the place of its texts, and each later plan of its shape fills them in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from vxdata.schemas.catalog import Rows
from vxdata.schemas.plan import encode
from vxdata.schemas.plan.bound import BoundComparison, BoundIsIn
from vxdata.schemas.plan.values import Literal
from vxdata.sql.compile import compile_plan
from vxdata.sql.names import text

if TYPE_CHECKING:
    from datetime import datetime

    from vxdata.schemas.plan import BoundPlan, Plan
    from vxdata.sql.instant import Instant

MOST_SHAPES: Final = 1000
"""Statements that are remembered, each of a few kilobytes."""

MOST_SLOTS: Final = 20
"""Texts of a plan that is remembered; a list of another length is another shape."""

MARK: Final = "\x01"
SLOT: Final = re.compile(f"'{MARK}([0-9]+){MARK}'")

Lookup = BoundComparison | BoundIsIn
"""Conditions whose SQL has the same form whatever their texts are."""


@dataclass(frozen=True)
class _Shape:
    """What a statement depends on, but for the texts that it looks for.

    Args:
        rest: The plan without its condition.
        lookup: The condition with slots; None for a plan without one.
        as_of: The instant; None where the present state is read, whose statement names none.
        plan: The plan with slots.
        instant: The instant that it is first rendered for.
    """

    rest: bytes
    lookup: Lookup | None
    as_of: datetime | None
    plan: BoundPlan = field(compare=False)
    instant: Instant = field(compare=False)


def render_plan(plan: Plan, bound: BoundPlan, instant: Instant) -> str:
    """Render a query, from memory where one of its shape was rendered before.

    Args:
        plan: What is asked.
        bound: The same plan, bound.
        instant: The instant to read at, resolved in the snapshot that will run the query.

    Returns:
        What `compile_plan` gives.
    """
    rest = encode(plan.model_copy(update={"where": None, "as_of": None}))
    texts = texts_of(bound)
    if texts is None or b"\\u0001" in rest:  # what would look like a slot
        return compile_plan(bound, instant)
    lookup = _with_slots(bound.where, len(texts))
    as_of = None if instant.is_current and _reads_states(bound) else instant.as_of
    template = _template(_Shape(rest, lookup, as_of, replace(bound, where=lookup), instant))
    return SLOT.sub(lambda slot: text(texts[int(slot[1])]), template)


@lru_cache(MOST_SHAPES)
def _template(shape: _Shape) -> str:
    return compile_plan(shape.plan, shape.instant)


def texts_of(bound: BoundPlan) -> list[str] | None:
    """The texts that a plan looks for; None if its condition is more than a lookup of a few texts."""
    if isinstance(bound.where, Lookup) and MARK in (bound.where.operand.key or ""):
        return None
    match bound.where:
        case None:
            return []
        case BoundComparison(op="==", value=Literal(str() as value)):
            return [value]
        case BoundIsIn(values=values) if 0 < len(values) <= MOST_SLOTS:
            texts = [value.value for value in values if isinstance(value.value, str)]
            return texts if len(texts) == len(values) else None
        case _:
            return None


def _with_slots(where: object, count: int) -> Lookup | None:
    slots = tuple(Literal(f"{MARK}{number}{MARK}") for number in range(count))
    match where:
        case BoundComparison():
            return replace(where, value=slots[0])
        case BoundIsIn():
            return replace(where, values=slots)
        case _:
            return None


def _reads_states(bound: BoundPlan) -> bool:
    return all(relation.rows is Rows.RESOURCE for relation in bound.reads)
