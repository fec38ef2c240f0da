"""Catalogs and cohorts: the messages of their actions."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from vxdata.schemas.cohorts.plan import MAX_CATALOG_NAME
from vxdata.schemas.plan.predicates import MAX_ROWS
from vxdata.schemas.wire.messages import Message, ServerMessage

MAX_CATALOG_VALUES = 1_000_000
"""Most values of a column in one response."""


CatalogName = Annotated[str, Field(max_length=MAX_CATALOG_NAME)]


class CatalogRequest(Message):
    """The name of a catalog."""

    name: CatalogName


class CatalogInfo(ServerMessage):
    """What a server says of a catalog.

    Args:
        name: Its name.
        is_loaded: Whether it has been read; all else is empty if not.
        serves_cohorts: Whether cohorts can be asked for.
        problem: Why they cannot, although they should.
        digest: Digest of its tables.
        release: Release of its data when it was read; None if nothing tells it.
        tables: Number of its tables.
    """

    name: str
    is_loaded: bool = True
    serves_cohorts: bool = False
    problem: str | None = None
    digest: str = ""
    release: str | None = None
    tables: int = 0


class CatalogList(ServerMessage):
    """All catalogs of a server."""

    catalogs: tuple[CatalogInfo, ...]


class DescribedColumn(ServerMessage):
    """A column as PostgreSQL describes it: its name, its type, and what is said of it."""

    name: str
    sql_type: str
    is_nullable: bool = True
    comment: str | None = None


class DescribedKey(ServerMessage):
    """A foreign key: columns that refer to those of another table, in the same order."""

    columns: tuple[str, ...]
    table: str
    target: tuple[str, ...]


class DescribedTable(ServerMessage):
    """A table as PostgreSQL describes it."""

    name: str
    columns: tuple[DescribedColumn, ...]
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[DescribedKey, ...] = ()
    comment: str | None = None


class CohortColumnInfo(ServerMessage):
    """A column as cohorts name it.

    Args:
        table: The table that it is shown in.
        column: Its public name.
        data_type: `text`, `integer`, `bigint` or `boolean`.
        nullable: Whether it can be null.
        description: What it means.
    """

    table: str
    column: str
    data_type: str
    nullable: bool
    description: str


class CatalogDescription(CatalogInfo):
    """All that a server says of a catalog.

    Args:
        schema_name: PostgreSQL schema of its tables.
        described: Its tables, by name.
        columns: The columns that cohorts can name and show; empty where it serves none.
        column_metadata: Rows of its table of this name, which cohorts are checked by.
        sources: The data sources that the release names.
    """

    schema_name: str
    described: tuple[DescribedTable, ...]
    columns: tuple[CohortColumnInfo, ...] = ()
    column_metadata: tuple[dict[str, Any], ...] = ()
    sources: tuple[str, ...] = ()


class CohortValuesRequest(Message):
    """A question for the values of a column.

    Args:
        catalog: Name of the catalog.
        column: Public name of the column.
        sources: Data sources that all must have the rows.
        limit: Most values.
        offset: Values to leave out first.
    """

    catalog: CatalogName
    column: str
    sources: tuple[str, ...] = ()
    limit: Annotated[int, Field(ge=0, le=MAX_CATALOG_VALUES)] = MAX_CATALOG_VALUES
    offset: Annotated[int, Field(ge=0, le=MAX_ROWS)] = 0


class CohortValues(ServerMessage):
    """The values of a column, in order, null last.

    Args:
        values: Objects of the value, under the name of the column, and `value_count`, its number of rows.
        total: How many values there are in all.
    """

    values: list[dict[str, Any]]
    total: int


class CohortSummary(ServerMessage):
    """The summary of a cohort, by the names that the CDA API has for its parts."""

    summary: dict[str, Any]


class CohortCount(ServerMessage):
    """The number of entities of a cohort, whatever its page."""

    count: int
