"""Bound plans: every name is a field, every value has its field's type.

What exists is right by construction, so later stages need no checks of their own. Every predicate declares
its children and its literals, so that no stage needs a list of all kinds to walk over them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from vxdata.schemas.catalog.relation import RelationKind
from vxdata.schemas.fields import Field, NumberMap, TextMap
from vxdata.schemas.fields import Float as FloatType
from vxdata.schemas.fields import Text as TextType
from vxdata.schemas.plan.values import Literal, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from typing import Literal as OneOf

    from vxdata.schemas.catalog.relation import PlainTable, Relation
    from vxdata.schemas.fields import FieldType
    from vxdata.schemas.plan.nodes import AggregateFunction
    from vxdata.schemas.plan.predicates import ComparisonOperator, Ordering, TextOperator


Change = Callable[[Scalar], Scalar]
"""Puts a value in the place of another one."""


@dataclass(frozen=True)
class Operand:
    """A column, or one entry of a mapping column.

    Args:
        column: The column.
        key: The entry's key.
    """

    column: Field
    key: str | None = None

    @property
    def type(self) -> FieldType:
        """Type of the value."""
        if self.key is None:
            return self.column.type
        return FloatType() if isinstance(self.column.type, NumberMap) else TextType()

    @property
    def required(self) -> bool:
        """Whether it is never null."""
        return self.column.required and self.key is None

    def __str__(self) -> str:
        """Write the operand as messages name it."""
        return self.column.name if self.key is None else f"{self.column.name}[{self.key!r}]"


class Node:
    """What every predicate tells of itself; these are the answers of one without children and literals."""

    @property
    def children(self) -> tuple[BoundPredicate, ...]:
        """The predicates that it is made of, and those of its subquery."""
        return ()

    @property
    def literals(self) -> tuple[Scalar, ...]:
        """Its own values, without those of its children."""
        return ()

    def map_literals(self, change: Change) -> BoundPredicate:  # noqa: ARG002 - there is none to change
        """The same predicate with other values, those of its children included.

        Values that stand in a statement as one array are left as they are.

        Args:
            change: Called once for each value, in one order for all predicates of a form.
        """
        return self  # type: ignore[return-value]  # every node is one of the kinds below


@dataclass(frozen=True)
class BoundComparison(Node):
    """An operand compared with a literal of its type."""

    op: ComparisonOperator
    operand: Operand
    value: Scalar

    @property
    def literals(self) -> tuple[Scalar, ...]:
        """The value."""
        return (self.value,)

    def map_literals(self, change: Change) -> BoundComparison:
        """The same comparison with another value."""
        return BoundComparison(self.op, self.operand, change(self.value))


@dataclass(frozen=True)
class BoundIsIn(Node):
    """An operand looked up in literals of its type."""

    operand: Operand
    values: tuple[Scalar, ...]

    @property
    def literals(self) -> tuple[Scalar, ...]:
        """The values."""
        return self.values

    def map_literals(self, change: Change) -> BoundIsIn:
        """The same test with other values."""
        return BoundIsIn(self.operand, tuple(map(change, self.values)))


@dataclass(frozen=True)
class BoundIsInQuery(Node):
    """An operand, or the items of a list, looked up in what a subquery finds."""

    operand: Operand
    query: BoundSubquery

    @property
    def children(self) -> tuple[BoundPredicate, ...]:
        """The condition of the subquery."""
        return self.query.conditions

    def map_literals(self, change: Change) -> BoundIsInQuery:
        """The same test with other values in the subquery."""
        return replace(self, query=self.query.map_literals(change))


@dataclass(frozen=True)
class BoundQuantified(Node):
    """An operand compared with any or all that a subquery finds."""

    quantifier: OneOf["any", "all"]
    op: Ordering
    operand: Operand
    query: BoundSubquery

    @property
    def children(self) -> tuple[BoundPredicate, ...]:
        """The condition of the subquery."""
        return self.query.conditions

    def map_literals(self, change: Change) -> BoundQuantified:
        """The same comparison with other values in the subquery."""
        return replace(self, query=self.query.map_literals(change))


@dataclass(frozen=True)
class BoundIsNull(Node):
    """An operand tested for null, or with ``negated`` for a value."""

    operand: Operand
    negated: bool


@dataclass(frozen=True)
class BoundTextTest(Node):
    """An operand compared with a text, or searched for it."""

    op: TextOperator
    operand: Operand
    text: Scalar
    ignore_case: bool

    @property
    def literals(self) -> tuple[Scalar, ...]:
        """The text."""
        return (self.text,)

    def map_literals(self, change: Change) -> BoundTextTest:
        """The same test with another text."""
        return replace(self, text=change(self.text))


@dataclass(frozen=True)
class BoundItemsTest(Node):
    """A list, or the keys of a mapping, compared with a set, which stands in a statement as one array."""

    op: OneOf["contains_any", "contains_all"]
    operand: Operand
    values: tuple[Literal, ...]

    @property
    def literals(self) -> tuple[Scalar, ...]:
        """The items of the set."""
        return self.values

    @property
    def is_mapping(self) -> bool:
        """Whether keys are meant."""
        return isinstance(self.operand.type, TextMap | NumberMap)


@dataclass(frozen=True)
class BoundAncestry(Node):
    """The resource hangs below another one, or above it.

    Args:
        identifier: The other resource.
        below: Whether the resource hangs below it.
        column: Lineage column that names the nearest ancestor of the other resource's type, if there is one.
        family: All resources of that type.
        others: The live resources of other types.
        gone: The deleted resources of other types.
        everything: Resources of all types, to follow parents through.
    """

    identifier: Scalar
    below: bool
    column: Field | None
    family: Relation
    others: Relation
    gone: Relation
    everything: Relation

    @property
    def literals(self) -> tuple[Scalar, ...]:
        """The identifier."""
        return (self.identifier,)

    def map_literals(self, change: Change) -> BoundAncestry:
        """The same test with another identifier."""
        return replace(self, identifier=change(self.identifier))


@dataclass(frozen=True)
class BoundNot(Node):
    """The term is false."""

    term: BoundPredicate

    @property
    def children(self) -> tuple[BoundPredicate, ...]:
        """The term."""
        return (self.term,)

    def map_literals(self, change: Change) -> BoundNot:
        """The same with other values."""
        return BoundNot(self.term.map_literals(change))


@dataclass(frozen=True)
class BoundAnd(Node):
    """All terms hold."""

    terms: tuple[BoundPredicate, ...]

    @property
    def children(self) -> tuple[BoundPredicate, ...]:
        """The terms."""
        return self.terms

    def map_literals(self, change: Change) -> BoundAnd:
        """The same with other values."""
        return BoundAnd(tuple(term.map_literals(change) for term in self.terms))


@dataclass(frozen=True)
class BoundOr(Node):
    """At least one term holds."""

    terms: tuple[BoundPredicate, ...]

    @property
    def children(self) -> tuple[BoundPredicate, ...]:
        """The terms."""
        return self.terms

    def map_literals(self, change: Change) -> BoundOr:
        """The same with other values."""
        return BoundOr(tuple(term.map_literals(change) for term in self.terms))


BoundPredicate = (
    BoundComparison
    | BoundIsIn
    | BoundIsInQuery
    | BoundQuantified
    | BoundIsNull
    | BoundTextTest
    | BoundItemsTest
    | BoundAncestry
    | BoundNot
    | BoundAnd
    | BoundOr
)


def walk(predicate: BoundPredicate) -> Iterator[BoundPredicate]:
    """Go through a predicate and all that it is made of, subqueries included, each before its children."""
    waiting = [predicate]
    while waiting:
        yield (node := waiting.pop())
        waiting.extend(reversed(node.children))


@dataclass(frozen=True)
class BoundAggregate:
    """What is computed of the rows of a group; without an operand, their number."""

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
    """What rows are ordered by.

    Args:
        by: A value of the row, or a column of the result.
        descending: Whether the largest comes first.
        nulls_first: Whether nulls come first.
    """

    by: Operand | Output
    descending: bool = False
    nulls_first: bool = False

    @property
    def required(self) -> bool:
        """Whether it is never null."""
        return self.by.field.required if isinstance(self.by, Output) else self.by.required


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
        order: What they are ordered by, ties included; empty where the order does not matter.
        limit: Most rows.
        offset: Rows left out first.
        as_of: Instant asked for; None means the last commit.
        reads: Every relation that it or a subquery reads.
    """

    relation: Relation
    outputs: tuple[Output, ...]
    where: BoundPredicate | None
    keys: tuple[Operand, ...] | None
    distinct: bool
    order: tuple[BoundOrder, ...]
    limit: int | None
    offset: int
    as_of: datetime | None
    reads: frozenset[Relation]

    @cached_property
    def columns(self) -> tuple[Field, ...]:
        """Names and types of the result, in order."""
        return tuple(output.field for output in self.outputs)

    @property
    def members(self) -> tuple[str, ...]:
        """Resource types whose tables are read."""
        return tuple(sorted({member for relation in self.reads for member in relation.members}))

    @property
    def most_rows(self) -> int | None:
        """Most rows of the result, if the plan tells: by its limit, or by the resources that it names."""
        named = _most_named(self.where) if self.relation.key == ("identifier",) else None
        return min((most for most in (named, self.limit) if most is not None), default=None)

    @property
    def reads_log(self) -> bool:
        """Whether the commit log is read, which every commit changes."""
        return any(relation.kind is RelationKind.COMMIT for relation in self.reads)

    @property
    def is_versioned(self) -> bool:
        """Whether all that is read keeps its versions."""
        return all(relation.kind.is_versioned for relation in self.reads)

    @property
    def is_timeless(self) -> bool:
        """Whether a table without versions is read, which cannot be read as of an instant."""
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


def _most_named(where: BoundPredicate | None) -> int | None:
    """How many identifiers a condition asks for, if that is all that it does."""
    match where:
        case BoundComparison(op="==", operand=Operand(column=Field(name="identifier"))):
            return 1
        case BoundIsIn(operand=Operand(column=Field(name="identifier")), values=values):
            return len(values)
        case _:
            return None
