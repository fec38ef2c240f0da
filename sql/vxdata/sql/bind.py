"""Bind: resolve the names and types of a plan against a catalog.

A bound plan is right by construction: every column exists, every literal has the type of its
column. Later stages need no checks of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from vxdata.schemas.errors import FieldTypeMismatch, InvalidPlan
from vxdata.schemas.fields import Nested
from vxdata.schemas.plan import And, Comparison, ComparisonOperator, IsIn, IsNull, Or
from vxdata.sql.literals import Literal, literal

if TYPE_CHECKING:
    from datetime import datetime

    from vxdata.schemas.fields import Field
    from vxdata.schemas.plan import Plan, Predicate
    from vxdata.sql.catalog import Catalog, Relation


@dataclass(frozen=True)
class BoundComparison:
    """A column compared with a literal of its type."""

    op: ComparisonOperator
    column: Field
    value: Literal


@dataclass(frozen=True)
class BoundIsIn:
    """A column looked up in literals of its type."""

    column: Field
    values: tuple[Literal, ...]


@dataclass(frozen=True)
class BoundIsNull:
    """A column tested for null, or with ``negated`` for a value."""

    column: Field
    negated: bool


@dataclass(frozen=True)
class BoundAnd:
    """All terms hold."""

    terms: tuple[BoundPredicate, ...]


@dataclass(frozen=True)
class BoundOr:
    """At least one term holds."""

    terms: tuple[BoundPredicate, ...]


BoundPredicate = BoundComparison | BoundIsIn | BoundIsNull | BoundAnd | BoundOr


@dataclass(frozen=True)
class BoundPlan:
    """A plan whose every name and literal is resolved.

    Args:
        relation: What is read.
        columns: What is returned, in order.
        where: Which rows.
        limit: Most rows.
        offset: Rows left out first.
        as_of: Instant asked for; None means the last commit.
    """

    relation: Relation
    columns: tuple[Field, ...]
    where: BoundPredicate | None
    limit: int | None
    offset: int
    as_of: datetime | None


def bind(plan: Plan, catalog: Catalog) -> BoundPlan:
    """Resolve a plan.

    Args:
        plan: A well-formed plan.
        catalog: What may be named.

    Returns:
        The bound plan.

    Raises:
        UnknownResourceType: The plan reads a type that the catalog does not have.
        UnknownField: The plan names fields that the type does not have.
        FieldTypeMismatch: A literal does not fit its field, or the field cannot be compared.
        InvalidPlan: A field is selected twice, or `as_of` has no time zone or lies outside the calendar.
    """
    relation = catalog.relation(plan.resource_type)
    if plan.history:
        relation = relation.with_history()
    columns = relation.columns if plan.select is None else _bind_select(plan.select, relation)
    return BoundPlan(
        relation=relation,
        columns=columns,
        where=None if plan.where is None else _bind_predicate(plan.where, relation),
        limit=plan.limit,
        offset=plan.offset,
        as_of=None if plan.as_of is None else _bind_as_of(plan.as_of),
    )


def _bind_as_of(as_of: datetime) -> datetime:
    if as_of.tzinfo is None:
        msg = f"as_of {as_of.isoformat()} has no time zone; plans carry instants in UTC."
        raise InvalidPlan(msg, as_of=as_of.isoformat())
    try:
        return as_of.astimezone(UTC)
    except OverflowError as error:
        msg = f"as_of {as_of.isoformat()} lies outside the years 1 to 9999 in UTC."
        raise InvalidPlan(msg, as_of=as_of.isoformat()) from error


def _bind_select(names: tuple[str, ...], relation: Relation) -> tuple[Field, ...]:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        msg = f"Fields selected more than once: {', '.join(repeated)}."
        raise InvalidPlan(msg, fields=repeated)
    return relation.resolve(names)


def _bind_predicate(predicate: Predicate, relation: Relation) -> BoundPredicate:
    match predicate:
        case And(terms=terms):
            return BoundAnd(tuple(_bind_predicate(term, relation) for term in terms))
        case Or(terms=terms):
            return BoundOr(tuple(_bind_predicate(term, relation) for term in terms))
        case IsNull(op=op, field=name):
            return BoundIsNull(relation.resolve([name])[0], negated=op == "is_not_null")
        case Comparison(op=op, field=name, value=value):
            column = _comparable(relation, name)
            return BoundComparison(op, column, literal(column, value))
        case IsIn(field=name, values=values):
            column = _comparable(relation, name)
            return BoundIsIn(column, tuple(literal(column, value) for value in values))


def _comparable(relation: Relation, name: str) -> Field:
    column = relation.resolve([name])[0]
    if isinstance(column.type, Nested):
        msg = f"{relation.name}.{name} holds a list or a mapping, which cannot be compared as a whole."
        raise FieldTypeMismatch(msg, resource_type=relation.name, field=name)
    return column
