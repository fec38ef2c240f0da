"""The nodes of a query plan: what a client asks, before any name or type is resolved.

Nodes are frozen and refuse what they do not know, so a plan that exists is well formed. Whether its
fields exist and its values fit is decided when the plan is bound to a catalog.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

PLAN_VERSION: Final = 1
"""Version of the plan format; a server refuses every other one."""

MAX_ROWS: Final = 2**63 - 1
"""Largest limit or offset: PostgreSQL takes a bigint."""

Value = bool | int | float | str
"""A literal as JSON knows it; dates and timestamps travel as ISO 8601 text and are typed at bind."""

ComparisonOperator = Literal["==", "!=", "<", "<=", ">", ">="]


class Node(BaseModel):
    """Base of every node: frozen, strict, without room for unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Comparison(Node):
    """A field compared with a literal; not true where the field is null."""

    op: ComparisonOperator
    field: str
    value: Value


class IsIn(Node):
    """A field equal to one of many literals; not true where the field is null."""

    op: Literal["is_in"] = "is_in"
    field: str
    values: tuple[Value, ...]


class IsNull(Node):
    """A field that is null, or, with the other operator, one that is not."""

    op: Literal["is_null", "is_not_null"]
    field: str


class And(Node):
    """All terms hold."""

    op: Literal["and"] = "and"
    terms: Annotated[tuple[Predicate, ...], Field(min_length=1)]


class Or(Node):
    """At least one term holds."""

    op: Literal["or"] = "or"
    terms: Annotated[tuple[Predicate, ...], Field(min_length=1)]


Predicate = Annotated[Comparison | IsIn | IsNull | And | Or, Field(discriminator="op")]

RowCount = Annotated[int, Field(ge=0, le=MAX_ROWS)]


class Plan(Node):
    """A whole query: which resources, which of them, which fields, how many, and as of when.

    Args:
        version: Version of the plan format.
        resource_type: Identifier prefix of the payload type to read, or one of the names in
            `vxdata.schemas.relations`.
        where: Predicate that rows must satisfy; all rows without one.
        select: Names of the fields to return, in order; all without them.
        limit: Most rows to return.
        offset: Rows to leave out first, in identifier order.
        as_of: Instant to read at, in UTC; the last commit without one.
        history: Whether to read every version up to that instant, tombstones included, and not the
            state at it.

    Example:
        >>> Plan(resource_type="volume", limit=10).version
        1
    """

    version: Literal[1] = PLAN_VERSION
    resource_type: str
    where: Predicate | None = None
    select: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    limit: RowCount | None = None
    offset: RowCount = 0
    as_of: datetime | None = None
    history: bool = False


And.model_rebuild()
Or.model_rebuild()
Plan.model_rebuild()
