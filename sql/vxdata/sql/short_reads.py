"""Short reads: the present state of a few resources, named or the first ones, in one prepared statement.

PostgreSQL finds a few rows in less time than it takes to plan for them. So one statement is made for all
reads of a kind, and brings the commit clock along: one statement sees one snapshot, and takes one round trip.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from vxdata.schemas.catalog import Rows
from vxdata.schemas.plan.bound import BoundComparison, BoundIsIn
from vxdata.schemas.plan.values import Literal as Value
from vxdata.sql import clock
from vxdata.sql.compile import compile_plan
from vxdata.sql.instant import Instant
from vxdata.sql.literals import texts
from vxdata.sql.names import text
from vxdata.sql.shapes import MARK, MOST_SHAPES, SLOT, texts_of

if TYPE_CHECKING:
    from vxdata.schemas.plan import BoundPlan, Plan

NAMED: Final = frozenset({"version", "resource_type", "where", "select"})
"""What a plan states at most, if it reads named resources."""

FIRST: Final = frozenset({"version", "resource_type", "select", "limit"})
"""What a plan states at most, if it reads the first resources."""

MOST_FIRST: Final = 100
"""Most rows of a short read, unless they are named."""

PRESENT: Final = Instant(0, datetime.min.replace(tzinfo=UTC), is_current=True)
"""Any current instant: a statement that reads the present state names none."""

KEY: Final = "identifier"

Kind = Literal["one", "several", "first"]


@dataclass(frozen=True)
class ShortRead:
    """A query for a few rows.

    Args:
        statement: A SELECT with parameters, the same for all reads of the shape.
        literals: Their values as SQL: an identifier, or an array of them; none for the first rows, since
            PostgreSQL plans anew where it is not told how many.
    """

    statement: str
    literals: tuple[str, ...]


@dataclass(frozen=True)
class _Shape:
    """What a statement depends on: all but the values of its parameters."""

    resource_type: str
    select: tuple[str, ...] | None
    limit: int | None
    kind: Kind
    plan: BoundPlan = field(compare=False)


def short_read(plan: Plan, bound: BoundPlan) -> ShortRead | None:
    """Recognise a short read.

    Args:
        plan: What is asked.
        bound: The same plan, bound.

    Returns:
        Its statement, whose rows have the last commit beside them (see `clock.beside`), those of named
        resources in no particular order; None if the plan asks for more than the present state of a few
        resources that are found by their identifiers' index.
    """
    if bound.relation.rows is not Rows.RESOURCE:
        return None
    if plan.model_fields_set <= NAMED:
        return _named(plan, bound)
    return _first(plan, bound) if plan.model_fields_set <= FIRST else None


def _named(plan: Plan, bound: BoundPlan) -> ShortRead | None:
    identifiers = None if bound.most_rows is None else texts_of(bound)
    if not identifiers:
        return None
    if len(identifiers) == 1:
        return _read("one", plan, bound, text(identifiers[0]))
    return _read("several", plan, bound, texts(identifiers))


def _first(plan: Plan, bound: BoundPlan) -> ShortRead | None:
    is_short = bound.limit is not None and bound.limit <= MOST_FIRST
    has_key = any(column.name == KEY for column in bound.columns)
    return _read("first", plan, bound) if is_short and has_key else None


def _read(kind: Kind, plan: Plan, bound: BoundPlan, *literals: str) -> ShortRead:
    return ShortRead(_statement(_Shape(plan.resource_type, plan.select, plan.limit, kind, bound)), literals)


@lru_cache(MOST_SHAPES)
def _statement(shape: _Shape) -> str:
    if shape.kind == "first":
        return clock.beside(compile_plan(shape.plan, PRESENT), order=KEY)
    where = shape.plan.where
    assert isinstance(where, BoundComparison | BoundIsIn)  # noqa: S101 - its texts are identifiers
    one = BoundComparison("==", where.operand, Value(f"{MARK}0{MARK}"))
    statement = compile_plan(replace(shape.plan, where=one), PRESENT)
    return clock.beside(SLOT.sub("$1" if shape.kind == "one" else "ANY($1)", statement))
