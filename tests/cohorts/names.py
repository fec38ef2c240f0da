"""Section 2 of the contract: what tables and columns are, how they are called, and what connects them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from tests.cohorts.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cohorts.database import Database
    from vxdata.schemas.catalog.reflected import ReflectedTable

ENDPOINTS: Final = ("subject", "file")
METADATA: Final = ("release_metadata", "column_metadata")
UPSTREAM: Final = "upstream_identifiers"
KINDS: Final = {"text": "text", "integer": "number", "bigint": "number", "boolean": "boolean"}
DATA_TYPES: Final = {
    "character varying": "text",
    "date": "text",
    "smallint": "integer",
    "double precision": "integer",
}
"""Types of PostgreSQL that `/columns/` calls otherwise."""


@dataclass(frozen=True)
class Column:
    """A column under its public name.

    Args:
        table: The table that holds it.
        name: Its name there.
        public: Its public name.
        data_type: `text`, `integer`, `bigint` or `boolean`.
        is_nullable: Whether it may be null.
        comment: Its comment.
        metadata: Its row in `column_metadata`, if it has one.
    """

    table: str
    name: str
    public: str
    data_type: str
    is_nullable: bool
    comment: str | None
    metadata: dict[str, Any]

    @property
    def home(self) -> str:
        """The table as whose column it appears."""
        return str(self.metadata.get("virtual_table") or self.table)

    @property
    def is_virtual(self) -> bool:
        """Whether another table holds it than the one it appears in."""
        return self.home != self.table

    @property
    def kind(self) -> str:
        """How its values are compared."""
        return KINDS[self.data_type]

    @property
    def is_returned(self) -> bool:
        """Whether rows show it without being asked."""
        return bool(self.metadata.get("data_returns"))

    @property
    def process(self) -> str | None:
        """How its values are to be processed before display."""
        return self.metadata.get("process_before_display")


@dataclass(frozen=True)
class Anchor:
    """What the rows of a table hang on.

    Args:
        entity: The table of the entity that they belong to.
        column: The column of the rows that tells which.
    """

    entity: str
    column: str


@dataclass(frozen=True)
class Link:
    """A mapping table.

    Args:
        table: Its name.
        near: Its column with the key of the endpoint.
        far: Its column with the key of the other side.
    """

    table: str
    near: str
    far: str


class Names:
    """The names of a database.

    Args:
        database: The database.
    """

    def __init__(self, database: Database) -> None:
        """Read `column_metadata` once."""
        self._tables = {table.name: table for table in database.schema.tables}
        self._metadata = {
            (row["cda_table"], row["cda_column"]): row for row in database.rows("column_metadata")
        }

    @property
    def mappings(self) -> Iterator[ReflectedTable]:
        """Tables with two foreign keys or more."""
        return (table for table in self._tables.values() if len(table.foreign_keys) > 1)

    @property
    def data_tables(self) -> list[str]:
        """All other tables, but those that describe; the endpoints too."""
        mappings = {table.name for table in self.mappings}
        return [name for name in self._tables if name not in mappings and name not in METADATA]

    @cached_property
    def by_public_name(self) -> dict[str, Column]:
        """All columns: a name that several tables have is told apart by that of the table."""
        counts = Counter(column.name for table in self._tables.values() for column in table.columns)
        found = {}
        for table in self._tables.values():
            for column in table.columns:
                is_bare = counts[column.name] == 1
                is_bare |= (table.name, column.name) == ("file_anatomic_site", "anatomic_site")
                public = column.name if is_bare else f"{table.name}_{column.name}"
                found[public] = Column(
                    table.name,
                    column.name,
                    public,
                    DATA_TYPES.get(column.sql_type, column.sql_type),
                    column.is_nullable,
                    column.comment,
                    self._metadata.get((table.name, column.name), {}),
                )
        return found

    def column(self, public: str) -> Column:
        """Find a column by its public name.

        Raises:
            Refused: There is none.
        """
        if public not in self.by_public_name:
            raise Refused("ColumnNotFound", f"Column Not Found: {public}")
        return self.by_public_name[public]

    def columns_of(self, table: str) -> list[Column]:
        """The columns that appear in a table: its own ones, then virtual ones."""
        every = self.by_public_name.values()
        own = [column for column in every if column.table == table and not column.is_virtual]
        return own + [column for column in every if column.is_virtual and column.home == table]

    def chosen(self, text: str) -> list[Column]:
        """Find what an entry of ADD_COLUMNS or EXCLUDE_COLUMNS names: a column, or `table.*`.

        Raises:
            Refused: There is no such table or column.
        """
        if not text.endswith(".*"):
            return [self.column(text)]
        table = text.removesuffix(".*")
        if table not in self._tables:
            raise Refused("TableNotFound", f"Table not found: {table}")
        return [column for column in self.columns_of(table) if column.is_returned]

    def null_column(self, column: Column) -> Column | None:
        """The column that says of an entity that it has no value, in the table of nulls beside it."""
        return next(
            (
                other
                for other in self.by_public_name.values()
                if other.table == f"{column.table}_nulls" and other.name == f"{column.name}_null"
            ),
            None,
        )

    def has_table(self, name: str) -> bool:
        """Whether there is such a table."""
        return name in self._tables

    def key(self, table: str) -> str:
        """The key column of a table of entities."""
        return self._tables[table].primary_key[0]

    def anchor(self, endpoint: str, table: str) -> Anchor:
        """Tell what the rows of a data table hang on."""
        if table == UPSTREAM:
            return Anchor(endpoint, "id_alias")
        keys = self._tables[table].foreign_keys
        return Anchor(keys[0].table, keys[0].columns[0]) if keys else Anchor(table, self.key(table))

    def link(self, endpoint: str, entity: str) -> Link:
        """Find the mapping table between an endpoint and another table of entities.

        Raises:
            Refused: There is none.
        """
        for table in self.mappings:
            near, far = table.foreign_key_to(endpoint), table.foreign_key_to(entity)
            if near and far:
                return Link(table.name, near.columns[0], far.columns[0])
        raise Refused("RelationshipNotFound", f"Relationship not found between {endpoint} and {entity}")
