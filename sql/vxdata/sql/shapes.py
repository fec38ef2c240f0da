"""Shapes: plans that differ in nothing but the values that they name are rendered once.

Rendering takes half of a millisecond, which is what PostgreSQL takes to find a row. So a plan is rendered
with *slots* in the place of its values, and each later plan of its shape fills them in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import TYPE_CHECKING, Final

from cachetools import LRUCache, cached

from vxdata.schemas.catalog import RelationKind
from vxdata.schemas.plan.bound import BoundAnd, BoundComparison, BoundIsIn, BoundIsNull, BoundNot, BoundOr
from vxdata.schemas.plan.values import Literal
from vxdata.sql.compile import compile_plan, query_of
from vxdata.sql.literals import to_sql
from vxdata.sql.names import render, text

if TYPE_CHECKING:
    from datetime import datetime

    from vxdata.schemas.plan import BoundPlan
    from vxdata.schemas.plan.bound import BoundPredicate
    from vxdata.sql.instant import Instant

MOST_BYTES: Final = 32 * 1024 * 1024
"""Memory of all statements that are remembered, and of what they are found by, roughly.

Their number would not bound it: a plan may name an entry of a mapping by a text of megabytes.
"""

SHAPE_BYTES: Final = 3_000
"""Memory of what a statement is found by, beside its texts."""

MOST_VALUES: Final = 20
"""Values in the condition of a plan that is remembered; a list of another length is another shape."""

MARK: Final = "\x01"
SLOT: Final = re.compile(f"'{MARK}([0-9]+){MARK}'")


class _Unlike(Exception):
    """A plan has a condition whose SQL depends on more than its form, or too many values."""


@dataclass(frozen=True)
class _Shape:
    """What a statement depends on, but for the values.

    Args:
        plan: The bound plan with slots in its condition, and 1 in the place of its numbers of rows.
        as_of: The instant; None where the present state is read, whose statement names none.
        instant: The instant that it is first rendered for.
        slots: How many there are; those of limit and offset are the last.
    """

    plan: BoundPlan
    as_of: datetime | None
    instant: Instant = field(compare=False)
    slots: int = field(compare=False)

    def __hash__(self) -> int:
        """Hash by what tells most plans apart; to hash every column would take longer than all else."""
        names = tuple(output.field.name for output in self.plan.outputs)
        return hash((self.plan.relation, self.plan.where, self.plan.order, names, self.as_of))


def render_plan(bound: BoundPlan, instant: Instant) -> str:
    """Render a query, from memory where one of its shape was rendered before.

    Args:
        bound: What is asked. Only this is looked at: binding may add to the plan that it was made of.
        instant: The instant to read at, resolved in the snapshot that will run the query.

    Returns:
        What `compile_plan` gives.
    """
    values: list[Literal] = []
    try:
        where = None if bound.where is None else _with_slots(bound.where, values)
    except _Unlike:
        return compile_plan(bound, instant)
    values.extend(Literal(rows) for rows in (bound.limit, bound.offset or None) if rows is not None)
    # The form depends on whether they are stated: a plan with either is ordered. How many does not matter.
    limit = None if bound.limit is None else 1
    plan = replace(bound, where=where, limit=limit, offset=1 if bound.offset else 0, as_of=None)
    as_of = None if instant.is_current and _reads_states(bound) else instant.as_of
    template = _template(_Shape(plan, as_of, instant, len(values)))
    if template.count(MARK) != 2 * len(values):  # something else looks like a slot
        return compile_plan(bound, instant)
    return SLOT.sub(lambda found: _written(values[int(found[1])]), template)


@cached(LRUCache(MOST_BYTES, getsizeof=lambda found: 2 * len(found) + SHAPE_BYTES), lock=Lock(), info=True)
def _template(shape: _Shape) -> str:
    """The statement with slots."""
    query = query_of(shape.plan, shape.instant)
    pages = [node for node in (query.args.get("limit"), query.args.get("offset")) if node is not None]
    for number, node in enumerate(pages, shape.slots - len(pages)):
        node.set("expression", to_sql(slot(number)))
    return render(query)


def _with_slots(where: BoundPredicate, values: list[Literal]) -> BoundPredicate:
    """Put slots in the place of values, and take these down.

    Raises:
        _Unlike: The condition is not made of comparisons, tests for null and lists, or has too many values.
    """
    match where:
        case BoundComparison():
            return replace(where, value=_taken(where.value, values))
        case BoundIsIn() if where.values:
            return replace(where, values=tuple(_taken(value, values) for value in where.values))
        case BoundAnd() | BoundOr():
            return replace(where, terms=tuple(_with_slots(term, values) for term in where.terms))
        case BoundNot():
            return replace(where, term=_with_slots(where.term, values))
        case BoundIsNull():
            return where
        case _:
            raise _Unlike


def _taken(value: Literal, values: list[Literal]) -> Literal:
    if len(values) == MOST_VALUES:
        raise _Unlike
    values.append(value)
    return slot(len(values) - 1)


def slot(number: int) -> Literal:
    """What stands in a plan in the place of a value; `SLOT` finds it in the statement."""
    return Literal(f"{MARK}{number}{MARK}")


def _written(value: Literal) -> str:
    """A value as SQL; a text without building a tree for it."""
    return text(value.value) if isinstance(value.value, str) else render(to_sql(value))


def _reads_states(bound: BoundPlan) -> bool:
    return all(relation.kind is RelationKind.RESOURCE for relation in bound.reads)
