"""Small databases as values: reflected tables, their rows as frames, and the statements that make them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from sqlglot import exp

from vxdata.schemas.catalog.reflected import ForeignKey, ReflectedColumn, ReflectedSchema, ReflectedTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

TYPES: Final[dict[str, pl.DataType]] = {
    "text": pl.String(),
    "character varying": pl.String(),
    "smallint": pl.Int16(),
    "integer": pl.Int32(),
    "bigint": pl.Int64(),
    "double precision": pl.Float64(),
    "date": pl.Date(),
    "boolean": pl.Boolean(),
}


@dataclass(frozen=True)
class Database:
    """Tables with their rows.

    Args:
        schema: The tables, as reflection finds them.
        frames: Their rows by name of the table.
    """

    schema: ReflectedSchema
    frames: Mapping[str, pl.DataFrame]
    _rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict, repr=False)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Rows of a table; a date is a text to the API."""
        if table not in self._rows:
            self._rows[table] = plain(self.frames[table].to_dicts())
        return self._rows[table]

    def statements(self, schema: str) -> Iterator[str]:
        """Make the tables in a PostgreSQL schema that is not there yet."""
        yield f"CREATE SCHEMA {_quoted(schema)}"
        tables = self.schema.tables
        for table in tables:
            yield f"CREATE TABLE {_name(schema, table.name)} ({', '.join(map(_declaration, table.columns))})"
        for table in tables:
            if (frame := self.frames[table.name]).height:
                rows = ", ".join(f"({', '.join(map(_literal, row))})" for row in frame.iter_rows())
                yield f"INSERT INTO {_name(schema, table.name)} VALUES {rows}"
        for table in sorted(tables, key=lambda table: len(table.foreign_keys)):
            yield from _keys(schema, table)
        for table in sorted(tables, key=lambda table: len(table.foreign_keys)):
            yield from _foreign_keys(schema, table)


def plain(value: Any) -> Any:
    """Write dates as texts, wherever they are in a value."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def table(name: str, *columns: str, key: Sequence[str] = ()) -> ReflectedTable:
    """Declare a table in brief.

    Args:
        name: Its name.
        columns: Such as `subject_alias bigint! -> subject` or `sex text # The sex.`; `!` is NOT NULL.
        key: Its primary key.
    """
    parsed = [_column(text, key) for text in columns]
    # In the order of their names, as reflection gives them.
    references = sorted((reference for _, reference in parsed if reference), key=lambda key: key.columns)
    return ReflectedTable(name, tuple(column for column, _ in parsed), tuple(key), tuple(references))


def _column(text: str, key: Sequence[str]) -> tuple[ReflectedColumn, ForeignKey | None]:
    declared, _, comment = text.partition(" # ")
    declared, _, target = declared.partition(" -> ")
    name, _, sql_type = declared.partition(" ")
    is_nullable = not sql_type.endswith("!") and name not in key
    column = ReflectedColumn(name, sql_type.rstrip("!"), is_nullable, comment or None)
    return column, ForeignKey((name,), target, ("id_alias",)) if target else None


def database(tables: Iterable[ReflectedTable], rows: Mapping[str, Sequence[Sequence[Any]]]) -> Database:
    """Put tables and their rows together.

    Args:
        tables: The tables.
        rows: Rows by the name of their table; a table without rows may be missing.
    """
    ordered = tuple(sorted(tables, key=lambda table: table.name))
    frames = {
        table.name: pl.DataFrame(
            list(rows.get(table.name, ())),
            schema={column.name: TYPES[column.sql_type] for column in table.columns},
            orient="row",
        )
        for table in ordered
    }
    return Database(ReflectedSchema("public", ordered), frames)


def _quoted(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql(dialect="postgres")


def _name(schema: str, table: str) -> str:
    return f"{_quoted(schema)}.{_quoted(table)}"


def _declaration(column: ReflectedColumn) -> str:
    return f"{_quoted(column.name)} {column.sql_type}{'' if column.is_nullable else ' NOT NULL'}"


def _literal(value: Any) -> str:
    return exp.convert(value).sql(dialect="postgres")


def _keys(schema: str, table: ReflectedTable) -> Iterator[str]:
    if table.primary_key:
        columns = ", ".join(map(_quoted, table.primary_key))
        yield f"ALTER TABLE {_name(schema, table.name)} ADD PRIMARY KEY ({columns})"
    for column in table.columns:
        if column.comment:
            text = _literal(column.comment)
            yield f"COMMENT ON COLUMN {_name(schema, table.name)}.{_quoted(column.name)} IS {text}"


def _foreign_keys(schema: str, table: ReflectedTable) -> Iterator[str]:
    for key in table.foreign_keys:
        yield (
            f"ALTER TABLE {_name(schema, table.name)} ADD FOREIGN KEY ({_quoted(key.columns[0])}) "
            f"REFERENCES {_name(schema, key.table)}"
        )
