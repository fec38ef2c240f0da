"""The nodes of a whole query: its relation, condition, columns, order, limit and instant."""

from __future__ import annotations

import warnings
from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field

from vxdata.schemas.plan.predicates import MAX_COLUMNS, Node, OnField, Orders, Predicate, RowCount

PLAN_VERSION: Final = 2
"""Version of the plan format that is written. Plans of version 1 are still read: see `codec`."""

Names = Annotated[tuple[str, ...], Field(max_length=MAX_COLUMNS, fail_fast=True)]
ColumnName = Annotated[str, Field(min_length=1, pattern="^[^\\x00]*$")]
AggregateFunction = Literal["count", "min", "max", "mean", "sum", "n_unique", "quantile"]


class Aggregate(OnField):
    """One number or value that stands for the rows of a group; nulls are left out.

    Args:
        function: How it is computed; ``count`` without a field counts rows.
        field: What it is computed of.
        key: Entry of a mapping field.
        part: What of the field is meant.
        quantile: Which one, from 0 to 1, interpolated linearly; of the function ``quantile`` alone.
        name: Name of the column in the result.
    """

    function: AggregateFunction
    field: str | None = None  # type: ignore[assignment]  # a count of rows has none
    quantile: Annotated[float, Field(ge=0, le=1)] | None = None
    name: ColumnName


class GroupKey(OnField):
    """A value that is computed of each row; rows with equal values make a group.

    Args:
        field: What it is computed of.
        key: Entry of a mapping field.
        part: What of it is meant. With ``item`` a row belongs to as many groups as its list has items, or its
            mapping keys.
        width: Divides numbers into bins of this width: a row's value is the number of its bin,
            ``floor((x - origin) / width)`` computed with doubles. Values as they are without it.
        origin: Where bin 0 begins.
        name: Name of the column in the result.
    """

    width: Annotated[float, Field(gt=0)] | None = None
    origin: float = 0.0
    name: ColumnName


class FirstPer(Node):
    """One row of each group: the first in an order.

    Args:
        fields: Fields whose equal values make a group; nulls are equal.
        order_by: The order; ties are broken by the key of the relation.
    """

    fields: Annotated[Names, Field(min_length=1)]
    order_by: Orders = ()


class Plan(Node):
    """A whole query.

    Args:
        version: Version of the plan format.
        relation: Identifier prefix of the payload type to read, a plain table, or one of the names in
            `vxdata.schemas.catalog.builtin`.
        where: Predicate that rows must satisfy; all rows without one.
        first_per: What makes a group of which only the first row is kept; all rows without it.
        select: Names of the fields to return, in order; all without them.
        distinct: Whether equal rows are returned once.
        group_by: Fields, or values computed of each row, whose equal values make a group; none for one group
            of all rows. Without groups, rows are returned as they are.
        aggregates: What is returned of each group, after the fields of `group_by`.
        having: Predicate that groups must satisfy; its fields are the columns of the result.
        order_by: What the rows are ordered by; ties are broken so that the order is always the same.
        limit: Most rows to return.
        offset: Rows to leave out first.
        as_of: Instant to read at, in UTC; the last commit without one.
        history: Whether to read every version up to that instant, tombstones included, and not the
            state at it.

    Example:
        >>> Plan(relation="volume", limit=10).version
        2
    """

    version: Literal[2] = PLAN_VERSION
    relation: str
    where: Predicate | None = None
    first_per: FirstPer | None = None
    select: Annotated[Names, Field(min_length=1)] | None = None
    distinct: bool = False
    group_by: Annotated[tuple[str | GroupKey, ...], Field(max_length=MAX_COLUMNS, fail_fast=True)] | None = (
        None
    )
    aggregates: Annotated[tuple[Aggregate, ...], Field(max_length=MAX_COLUMNS, fail_fast=True)] = ()
    having: Predicate | None = None
    order_by: Orders = ()
    limit: RowCount | None = None
    offset: RowCount = 0
    as_of: datetime | None = None
    history: bool = False

    @property
    def resource_type(self) -> str:
        """The former name of `relation`, to be removed in the next version."""
        warnings.warn("Plan.resource_type is now Plan.relation.", DeprecationWarning, stacklevel=2)
        return self.relation
