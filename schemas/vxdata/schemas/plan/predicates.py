"""The predicates of a plan: conditions on one row, before any name or type is resolved.

Nodes are frozen and refuse what they do not know, so a predicate that exists is well formed. A predicate
is true, false or, where a field that it asks about is null, unknown; rows are kept where it is true, so
neither `x == 1` nor `not x == 1` finds a row whose x is null.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_ROWS: Final = 2**63 - 1
"""Largest limit or offset: PostgreSQL takes a bigint."""

MAX_VALUES: Final = 250_000
"""Most values of one list."""

MAX_TERMS: Final = 20_000
"""Most terms that one `and` or `or` joins."""

MAX_COLUMNS: Final = 500
"""Most columns, and most fields to order by: PostgreSQL takes 1,664 of both together."""

MAX_SHARDS: Final = 1_000_000
"""Most parts that rows are divided into."""

MAX_PATTERN_LENGTH: Final = 1_000
"""Longest regular expression, in characters: a longer one takes too long to compile."""

Value = bool | int | float | str
"""A literal as JSON knows it; dates and timestamps travel as ISO 8601 text and are typed at bind."""


@dataclass(frozen=True)
class Unordered:
    """Marks a list in which neither order nor repetition counts; the canonical form sorts it."""


Values = Annotated[tuple[Value, ...], Field(max_length=MAX_VALUES, fail_fast=True), Unordered()]
RowCount = Annotated[int, Field(ge=0, le=MAX_ROWS)]
Seed = Annotated[int, Field(ge=0, le=MAX_ROWS)]

Part = Literal["year", "month", "n_items", "item"]
Ordering = Literal["<", "<=", ">", ">="]
ComparisonOperator = Literal["==", "!=", "<", "<=", ">", ">="]
TextOperator = Literal["equals", "contains", "startswith", "endswith", "matches"]


class Node(BaseModel):
    """Base of every node: frozen, strict, without room for unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Condition(Node):
    """Base of every condition on a row."""

    reads_other_rows: ClassVar[bool] = False
    """Whether the condition reads other rows than the one it tests, and so costs as much as a query."""


class OnField(Node):
    """Base of what is said of a field, or with ``key`` of one entry of a mapping field.

    With ``part`` it is said of a number that is computed of the value: the year or the month of a date or an
    instant in UTC, or the number of items of a list. The part ``item`` is each item of a list, or each key of
    a mapping, by which rows can be grouped.
    """

    field: str
    key: str | None = None
    part: Part | None = None


class Comparison(OnField, Condition):
    """A field compared with a literal."""

    op: ComparisonOperator
    value: Value


class IsIn(OnField, Condition):
    """A field, or some item of a list field, equals one of many literals."""

    op: Literal["is_in"] = "is_in"
    values: Values


class IsInQuery(OnField, Condition):
    """A field, or some item of a list field, equals one of the values that another query finds."""

    reads_other_rows: ClassVar[bool] = True

    op: Literal["is_in_query"] = "is_in_query"
    query: Subquery


class Quantified(OnField, Condition):
    """A field compared with any, or with all, of the values that another query finds.

    Nulls among them do not count; without any value ``any`` is false and ``all`` is true.
    """

    reads_other_rows: ClassVar[bool] = True

    op: Literal["any", "all"]
    comparison: Ordering
    query: Subquery


class Aggregated(OnField, Condition):
    """A field compared with one value that is computed of all values that another query finds.

    Nulls among them do not count. Without any value ``count`` is 0, and with another function the condition
    is unknown.
    """

    reads_other_rows: ClassVar[bool] = True

    op: Literal["min", "max", "mean", "count"]
    comparison: ComparisonOperator
    query: Subquery


class IsNull(OnField, Condition):
    """A field that is null, or, with the other operator, one that is not; never unknown."""

    op: Literal["is_null", "is_not_null"]


class TextTest(OnField, Condition):
    """A text compared with another one, or searched for it or for a regular expression.

    Every character of the text stands for itself, save in `matches`, whose text is a regular expression
    that may match anywhere.
    """

    op: TextOperator
    text: str
    ignore_case: bool = False


class ItemsTest(OnField, Condition):
    """A list field that has some, or all, of the items; a mapping field that has them as keys."""

    op: Literal["contains_any", "contains_all"]
    values: Values


class HasAncestor(Condition):
    """The resource hangs below another one, at any depth; deleted resources in between count."""

    reads_other_rows: ClassVar[bool] = True

    op: Literal["has_ancestor"] = "has_ancestor"
    identifier: str


class HasDescendant(Condition):
    """Another resource hangs below this one, at any depth; deleted resources in between count."""

    reads_other_rows: ClassVar[bool] = True

    op: Literal["has_descendant"] = "has_descendant"
    identifier: str


class InShard(OnField, Condition):
    """The hash of a field lies in one of the equal parts of all hashes; never unknown.

    A row without a value has the hash of its key.

    Args:
        field: What is hashed: rows with equal values are in the same part.
        key: Entry of a mapping field.
        index: Which part, from 0.
        count: How many parts.
    """

    op: Literal["in_shard"] = "in_shard"
    index: Annotated[int, Field(ge=0, lt=MAX_SHARDS)]
    count: Annotated[int, Field(ge=1, le=MAX_SHARDS)]


class InSample(OnField, Condition):
    """The hash of a field, after a seed, lies in the first part of all hashes; never unknown.

    A row without a value has the hash of its key.

    Args:
        field: What is hashed: rows with equal values are drawn together, or not at all.
        key: Entry of a mapping field.
        fraction: How large the part is, from 0 to 1.
        seed: Which sample.
    """

    op: Literal["in_sample"] = "in_sample"
    fraction: Annotated[float, Field(ge=0, le=1)]
    seed: Seed


class Not(Condition):
    """The term is false; unknown where it is unknown."""

    op: Literal["not"] = "not"
    term: Predicate


class And(Condition):
    """All terms hold."""

    op: Literal["and"] = "and"
    terms: Annotated[tuple[Predicate, ...], Field(min_length=1, max_length=MAX_TERMS, fail_fast=True)]


class Or(Condition):
    """At least one term holds."""

    op: Literal["or"] = "or"
    terms: Annotated[tuple[Predicate, ...], Field(min_length=1, max_length=MAX_TERMS, fail_fast=True)]


Predicate = Annotated[
    Comparison
    | IsIn
    | IsInQuery
    | Quantified
    | Aggregated
    | IsNull
    | TextTest
    | ItemsTest
    | HasAncestor
    | HasDescendant
    | InShard
    | InSample
    | Not
    | And
    | Or,
    Field(discriminator="op"),
]


class OrderBy(OnField):
    """A field that rows are ordered by.

    Args:
        field: Field of the resource; of a grouped or distinct query, a column of its result.
        key: Entry of a mapping field.
        descending: Whether the largest value comes first.
        nulls_first: Whether rows without a value come first, not last.
        seed: Orders by the hash of the value after this number, as if the rows were shuffled.
    """

    descending: bool = False
    nulls_first: bool = False
    seed: Seed | None = None


Orders = Annotated[tuple[OrderBy, ...], Field(max_length=MAX_COLUMNS, fail_fast=True)]


class Subquery(Node):
    """The values of one field of the resources that another query finds, at the same instant.

    A list field gives its items. Nulls are left out.

    Args:
        relation: What is read.
        where: Predicate that rows must satisfy.
        select: The field.
        order_by: The order that `limit` and `offset` count in; ties are broken by identifier.
        limit: Most rows.
        offset: Rows left out first.
    """

    relation: str
    where: Predicate | None = None
    select: str
    order_by: Orders = ()
    limit: RowCount | None = None
    offset: RowCount = 0


for _node in (IsInQuery, Quantified, Aggregated, Not, And, Or, Subquery):
    _node.model_rebuild()
