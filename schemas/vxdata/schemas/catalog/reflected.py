"""What reflection reads of a database that VxData did not design, as plain frozen values.

Nothing in here is a decision: tables, columns, keys and comments stand as PostgreSQL tells them. What they
mean to a plan is decided in `reflected_relations`, and what they mean to cohorts in
`vxdata.schemas.cohorts`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property


@dataclass(frozen=True)
class ReflectedColumn:
    """A column.

    Args:
        name: Its name.
        sql_type: Its type, as PostgreSQL's `format_type` writes it.
        is_nullable: Whether it can hold null.
        comment: Its comment, if it has one.
    """

    name: str
    sql_type: str
    is_nullable: bool = True
    comment: str | None = None


@dataclass(frozen=True)
class ForeignKey:
    """Columns that refer to those of another table.

    Args:
        columns: The columns that refer.
        table: The table referred to, in the same schema.
        target: The columns referred to, in the order of `columns`.
    """

    columns: tuple[str, ...]
    table: str
    target: tuple[str, ...]


@dataclass(frozen=True)
class ReflectedTable:
    """A table.

    Args:
        name: Its name.
        columns: Its columns, in the order in which it was declared.
        primary_key: Columns of its primary key; empty if it has none.
        foreign_keys: What it refers to.
        comment: Its comment, if it has one.
    """

    name: str
    columns: tuple[ReflectedColumn, ...]
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    comment: str | None = None

    @cached_property
    def column_by_name(self) -> dict[str, ReflectedColumn]:
        """Columns by name."""
        return {column.name: column for column in self.columns}

    def foreign_key_to(self, table: str) -> ForeignKey | None:
        """Return the key that refers to a table, or None."""
        return next((key for key in self.foreign_keys if key.table == table), None)


@dataclass(frozen=True)
class ReflectedSchema:
    """The tables of one PostgreSQL schema.

    Args:
        name: Name of the schema.
        tables: Its tables, by name.
    """

    name: str
    tables: tuple[ReflectedTable, ...]

    @cached_property
    def table_by_name(self) -> dict[str, ReflectedTable]:
        """Tables by name."""
        return {table.name: table for table in self.tables}

    def table(self, name: str) -> ReflectedTable | None:
        """Return a table, or None if there is none of this name."""
        return self.table_by_name.get(name)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything here, in hexadecimal: equal schemas have equal digests.

        Example:
            >>> len(ReflectedSchema("public", ()).digest)
            64
        """
        described = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(described.encode()).hexdigest()
