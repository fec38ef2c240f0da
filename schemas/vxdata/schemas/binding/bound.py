"""Bound plans: every name is a field, every value has its field's type.

What exists is right by construction, so later stages need no checks of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from vxdata.schemas.binding.bound_predicates import BoundComparison, BoundIsIn, Operand
from vxdata.schemas.binding.values import Parameter
from vxdata.schemas.catalog.relation import RelationKind
from vxdata.schemas.fields import Field

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from vxdata.schemas.binding.bound_predicates import BoundPredicate, Change
    from vxdata.schemas.binding.values import Literal
    from vxdata.schemas.catalog.relation import PlainTable, Relation
    from vxdata.schemas.plan.nodes import AggregateFunction


@dataclass(frozen=True)
class BoundAggregate:
    """A value that is computed from the rows of a group; without an operand, it is their number."""

    function: AggregateFunction
    operand: Operand | None
    quantile: float | None = None


@dataclass(frozen=True)
class Output:
    """A column of the result.

    Args:
        field: Its name and type.
        source: What it holds.
    """

    field: Field
    source: Operand | BoundAggregate


@dataclass(frozen=True)
class BoundOrder:
    """One value that rows are ordered by, and the direction.

    Args:
        by: A value of the row, or a column of the result.
        descending: Whether the largest comes first.
        nulls_first: Whether nulls come first.
        seed: What is put before the value to order by the hash of both; by the value itself if None.
    """

    by: Operand | Output
    descending: bool = False
    nulls_first: bool = False
    seed: Literal | None = None

    @property
    def required(self) -> bool:
        """Whether the value is never null."""
        return self.by.field.required if isinstance(self.by, Output) else self.by.required


@dataclass(frozen=True)
class BoundFirst:
    """The first row of each group.

    Args:
        keys: What makes a group.
        order: What its rows are ordered by, ties included.
    """

    keys: tuple[Operand, ...]
    order: tuple[BoundOrder, ...]


@dataclass(frozen=True)
class BoundSubquery:
    """The values that another query finds, nulls left out; of a list field, the items."""

    relation: Relation
    operand: Operand
    where: BoundPredicate | None
    order: tuple[BoundOrder, ...]
    limit: int | None
    offset: int

    @property
    def conditions(self) -> tuple[BoundPredicate, ...]:
        """Its condition, if it has one."""
        return () if self.where is None else (self.where,)

    def map_literals(self, change: Change) -> BoundSubquery:
        """The same subquery with other values in its condition."""
        return self if self.where is None else replace(self, where=self.where.map_literals(change))


@dataclass(frozen=True)
class BoundPlan:
    """A plan whose every name and literal is resolved.

    Args:
        relation: What is read.
        outputs: What is returned, in order.
        where: Which rows.
        keys: What makes a group; None where rows are returned as they are.
        distinct: Whether equal rows are returned once.
        having: Which groups, by the columns of the result.
        order: What they are ordered by, ties included; empty where the order does not matter.
        limit: Most rows; a parameter where one statement serves several numbers, as `offset`.
        offset: Rows left out first.
        as_of: Instant asked for; None means the last commit.
        reads: Every relation that it or a subquery reads.
        first: Which of the rows are kept, one a group; all of them if None.
    """

    relation: Relation
    outputs: tuple[Output, ...]
    where: BoundPredicate | None
    keys: tuple[Operand, ...] | None
    distinct: bool
    having: BoundPredicate | None
    order: tuple[BoundOrder, ...]
    limit: int | Parameter | None
    offset: int | Parameter
    as_of: datetime | None
    reads: frozenset[Relation]
    first: BoundFirst | None = None

    @cached_property
    def columns(self) -> tuple[Field, ...]:
        """Names and types of the result, in order."""
        return tuple(output.field for output in self.outputs)

    @property
    def conditions(self) -> tuple[BoundPredicate, ...]:
        """Its conditions: on rows, and on groups."""
        return tuple(condition for condition in (self.where, self.having) if condition is not None)

    @property
    def members(self) -> tuple[str, ...]:
        """Resource types whose tables are read."""
        return tuple(sorted({member for relation in self.reads for member in relation.members}))

    @property
    def max_rows(self) -> int | None:
        """Most rows of the result, if the plan tells: by its limit, or by the resources that it names."""
        named = _max_named(self.where) if self.relation.key == ("identifier",) else None
        limit = None if isinstance(self.limit, Parameter) else self.limit
        return min((most for most in (named, limit) if most is not None), default=None)

    @property
    def reads_log(self) -> bool:
        """Whether the plan reads the commit log, which every commit changes."""
        return any(relation.kind is RelationKind.COMMIT for relation in self.reads)

    @property
    def hides_rows(self) -> bool:
        """Whether some rows of what the plan reads are not seen by whom it was bound for."""
        return any(relation.visible is not None for relation in self.reads)

    @property
    def is_versioned(self) -> bool:
        """Whether all relations that the plan reads keep their versions."""
        return all(relation.kind.is_versioned for relation in self.reads)

    @property
    def is_timeless(self) -> bool:
        """Whether the plan reads a table without versions, which cannot be read as of an instant."""
        return any(relation.kind is RelationKind.PLAIN for relation in self.reads)

    @property
    def releases(self) -> tuple[str, ...] | None:
        """The releases of the plain tables that are read, in the order of the tables' names.

        None if one of the tables can change at any time: then the result must not be cached.
        """
        tables = sorted((table.schema, table.name, table.release) for table in self._plain_tables)
        releases = tuple(release for _, _, release in tables if release is not None)
        return releases if len(releases) == len(tables) else None

    @property
    def _plain_tables(self) -> Iterator[PlainTable]:
        return (relation.table for relation in self.reads if relation.table is not None)


def _max_named(where: BoundPredicate | None) -> int | None:
    """Count the identifiers that a condition asks for; None if it asks for anything else."""
    match where:
        case BoundComparison(op="==", operand=Operand(column=Field(name="identifier"))):
            return 1
        case BoundIsIn(operand=Operand(column=Field(name="identifier")), values=values):
            return len(values)
        case _:
            return None
