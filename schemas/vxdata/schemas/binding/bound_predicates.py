"""Bound predicates: conditions whose every name is a field, and whose values have their fields' types.

What exists is right by construction, so later stages need no checks of their own. Every predicate declares
its children and its literals, so that no stage needs a list of all kinds to walk over them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vxdata.schemas.binding.values import Literal, Scalar
from vxdata.schemas.fields import Field, NumberMap, TextMap
from vxdata.schemas.fields import Float as FloatType
from vxdata.schemas.fields import Integer as IntegerType
from vxdata.schemas.fields import Text as TextType

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal as OneOf

    from vxdata.schemas.binding.bound import BoundSubquery
    from vxdata.schemas.catalog.relation import Relation
    from vxdata.schemas.fields import FieldType
    from vxdata.schemas.plan.predicates import ComparisonOperator, Ordering, Part, TextOperator

Change = Callable[[Scalar], Scalar]
"""Puts a value in the place of another one."""


@dataclass(frozen=True)
class Bins:
    """Parts of equal width that numbers are divided into.

    Args:
        width: How wide each is; above zero.
        origin: Where number 0 begins.
    """

    width: float
    origin: float


@dataclass(frozen=True)
class Operand:
    """A column, one entry of a mapping column, or a part of its value; or the number of the bin of that.

    Args:
        column: The column.
        key: The entry's key.
        part: What is computed of the value.
        bins: What the number is divided into.
    """

    column: Field
    key: str | None = None
    part: Part | None = None
    bins: Bins | None = None

    @property
    def type(self) -> FieldType:
        """Type of the value; the number of a bin is a double, since bins may be as many as doubles."""
        if self.bins is not None:
            return FloatType()
        if self.part is not None:
            return TextType() if self.part == "item" else IntegerType()
        if self.key is None:
            return self.column.type
        return FloatType() if isinstance(self.column.type, NumberMap) else TextType()

    @property
    def required(self) -> bool:
        """Whether the value is never null."""
        return self.part == "item" or (self.column.required and self.key is None)

    def __str__(self) -> str:
        """Write the operand as messages name it."""
        whole = self.column.name if self.key is None else f"{self.column.name}[{self.key!r}]"
        return whole if self.part is None else f"{self.part} of {whole}"


class Node:
    """Base of the bound predicates; its methods suit a predicate without children and literals."""

    @property
    def children(self) -> tuple[BoundPredicate, ...]:
        """The predicates right below this one, including those of its subquery."""
        return ()

    @property
    def literals(self) -> tuple[Scalar, ...]:
        """The values of this predicate, without those of its children."""
        return ()

    def map_literals(self, change: Change) -> BoundPredicate:  # noqa: ARG002 - there is none to change
        """Return the same predicate with other values, in its children too.

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
class BoundAggregated(Node):
    """An operand compared with an aggregate of what a subquery finds."""

    function: OneOf["min", "max", "mean", "count"]
    op: ComparisonOperator
    operand: Operand
    query: BoundSubquery

    @property
    def children(self) -> tuple[BoundPredicate, ...]:
        """The condition of the subquery."""
        return self.query.conditions

    def map_literals(self, change: Change) -> BoundAggregated:
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
class BoundHashTest(Node):
    """The hash of a value lies in a range.

    Args:
        operands: What is hashed: the first of them that is not null, else the empty text.
        seed: What is put before the value.
        low: Least hash; the least of all if None.
        high: Hash above the largest; no limit if None.
    """

    operands: tuple[Operand, ...]
    seed: Scalar | None
    low: Scalar | None
    high: Scalar | None

    @property
    def literals(self) -> tuple[Scalar, ...]:
        """The seed and both ends."""
        return tuple(value for value in (self.seed, self.low, self.high) if value is not None)

    def map_literals(self, change: Change) -> BoundHashTest:
        """The same test with another seed and other ends."""
        changed = (None if value is None else change(value) for value in (self.seed, self.low, self.high))
        return BoundHashTest(self.operands, *changed)


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
    | BoundAggregated
    | BoundIsNull
    | BoundTextTest
    | BoundItemsTest
    | BoundAncestry
    | BoundHashTest
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
