"""The statements that make the tables, in the order in which a load needs them.

Keys and indexes come last, as rows go in faster without them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vxdata.cli.cda.schema import Column, Table


def quoted(name: str) -> str:
    """Write a name so that PostgreSQL takes it as it is."""
    return exp.to_identifier(name, quoted=True).sql(dialect="postgres")


def create_statements(schema: str, tables: Iterable[Table]) -> list[str]:
    """Make a schema and its tables, without keys.

    Args:
        schema: Name of the schema.
        tables: Its tables.
    """
    return [f"CREATE SCHEMA {quoted(schema)}", *(_create(schema, table) for table in tables)]


def key_statements(schema: str, tables: Iterable[Table]) -> list[str]:
    """Add primary keys, then foreign keys with an index for each.

    Args:
        schema: Name of the schema.
        tables: Its tables.
    """
    tables = list(tables)
    primary = [
        f"ALTER TABLE {_name(schema, table)} ADD PRIMARY KEY ({', '.join(map(quoted, table.primary_key))})"
        for table in tables
        if table.primary_key
    ]
    return [*primary, *(text for table in tables for text in _foreign_keys(schema, table))]


def comment_statements(schema: str, tables: Iterable[Table]) -> list[str]:
    """Comment on columns.

    Args:
        schema: Name of the schema.
        tables: Its tables.
    """
    return [
        f"COMMENT ON COLUMN {_name(schema, table)}.{quoted(column.name)} "
        f"IS {exp.Literal.string(column.comment).sql(dialect='postgres')}"
        for table in tables
        for column in table.columns
        if column.comment
    ]


def _name(schema: str, table: Table) -> str:
    return f"{quoted(schema)}.{quoted(table.name)}"


def _create(schema: str, table: Table) -> str:
    return f"CREATE TABLE {_name(schema, table)} ({', '.join(map(_declaration, table.columns))})"


def _declaration(column: Column) -> str:
    return f"{quoted(column.name)} {column.sql_type}{'' if column.is_nullable else ' NOT NULL'}"


def _foreign_keys(schema: str, table: Table) -> Iterator[str]:
    for column in table.columns:
        if column.references:
            target = f"{quoted(schema)}.{quoted(column.references)}"
            name = quoted(column.name)
            yield f"ALTER TABLE {_name(schema, table)} ADD FOREIGN KEY ({name}) REFERENCES {target}"
            if table.primary_key[:1] != (column.name,):
                # Under the name that `vxdata catalog indexes` gives it, which makes none twice.
                index = quoted(f"{table.name}_{column.name}_vx")
                yield f"CREATE INDEX {index} ON {_name(schema, table)} ({name})"
