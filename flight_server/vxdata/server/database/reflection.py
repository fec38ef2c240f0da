"""Reflection: what tables a database has that VxData did not design, read from PostgreSQL itself."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from vxdata.schemas.catalog.reflected import ForeignKey, ReflectedColumn, ReflectedSchema, ReflectedTable
from vxdata.schemas.cohorts.model import COLUMN_METADATA, RELEASE_METADATA
from vxdata.schemas.errors import InvalidCatalog
from vxdata.server.database.connection import READ_ONLY
from vxdata.server.database.errors import DatabaseError
from vxdata.sql import reflection as statements

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vxdata.server.database.connection import Connection

MAX_TEXT: Final = 100
"""Characters of a release that is shown as it is; of a longer one its digest is."""


@dataclass(frozen=True)
class Reflection:
    """A schema as it was at one instant.

    Args:
        schema: Its tables.
        column_metadata: What its table `column_metadata` says; empty without one.
        release_metadata: What its table `release_metadata` says; empty without one.
        release: The release of its data; None if nothing tells it.
    """

    schema: ReflectedSchema
    column_metadata: tuple[Mapping[str, Any], ...]
    release_metadata: tuple[Mapping[str, Any], ...]
    release: str | None


def reflect(connection: Connection, schema: str, release: str | None = None) -> Reflection:
    """Read the tables of a schema in one snapshot.

    Args:
        connection: A connection outside any transaction.
        schema: Name of the schema.
        release: A statement that tells the release of the data; by default the content of `release_metadata`
            does.

    Returns:
        Everything that is read at the start of a catalog.

    Raises:
        InvalidCatalog: The schema has no table that can be read, or the statement gives no single row.
        DatabaseError: PostgreSQL refused a query.
    """
    with connection.transaction(READ_ONLY):
        found = read_schema(connection, schema)
        if not found.tables:
            msg = f"The database has no schema {schema}, or none with a table that its role may read."
            raise InvalidCatalog(msg, schema=schema)
        return Reflection(
            found,
            _described(connection, found, COLUMN_METADATA),
            _described(connection, found, RELEASE_METADATA),
            read_release(connection, release_statement(found, release)),
        )


def read_schema(connection: Connection, schema: str) -> ReflectedSchema:
    """Read the tables of a schema, with their columns and keys.

    Args:
        connection: A connection, best within a transaction with one snapshot.
        schema: Name of the schema.

    Returns:
        The tables that the role may read.
    """
    columns = _by_table(connection.rows(statements.columns_of(schema)))
    keys = _by_table(connection.rows(statements.keys_of(schema)))
    return ReflectedSchema(
        schema, tuple(_table(name, columns[name], keys.get(name, []), columns) for name in sorted(columns))
    )


def release_statement(schema: ReflectedSchema, release: str | None) -> str | None:
    """Return the statement that tells the release of a schema's data; None if nothing does."""
    if release is None and schema.table(RELEASE_METADATA) is not None:
        return statements.content_digest(schema.name, RELEASE_METADATA)
    return release


class ReleaseReader:
    """Tells the release of a catalog's data, again and again.

    The content of `release_metadata` is read only when a row of it has changed since the last time.

    Args:
        schema: The reflected schema.
        release: A statement of the deployment that tells the release, if there is one.
    """

    def __init__(self, schema: ReflectedSchema, release: str | None) -> None:
        """Begin without a release."""
        self._statement = release_statement(schema, release)
        is_content = release is None and self._statement is not None
        self._fingerprint = statements.fingerprint(schema.name, RELEASE_METADATA) if is_content else None
        self._last: tuple[str, str | None] | None = None

    def try_out(self, connection: Connection) -> None:
        """Find out whether changes can be noticed; those of a view cannot, so that it is read each time.

        Args:
            connection: A connection outside any transaction.
        """
        try:
            self._now(connection)
        except DatabaseError:
            self._fingerprint = None

    def read(self, connection: Connection) -> str | None:
        """Read the release in the snapshot of a connection.

        Args:
            connection: A connection in a transaction with one snapshot.

        Returns:
            The release; None if nothing tells it.

        Raises:
            InvalidCatalog: The statement does not give one row.
            DatabaseError: PostgreSQL refused it.
        """
        now = self._now(connection)
        last = self._last
        if now is not None and last is not None and last[0] == now:
            return last[1]
        release = read_release(connection, self._statement)
        if now is not None:
            self._last = now, release
        return release

    def _now(self, connection: Connection) -> str | None:
        if self._fingerprint is None:
            return None
        return str(connection.rows(self._fingerprint)[0]["fingerprint"])


def read_release(connection: Connection, statement: str | None) -> str | None:
    """Read the release of a catalog's data, in the snapshot of the connection.

    Args:
        connection: A connection.
        statement: As `release_statement` gives it.

    Returns:
        The one value of the row as text, or a digest of it; None if it is null or there is no statement.

    Raises:
        InvalidCatalog: The statement does not give one row.
    """
    if statement is None:
        return None
    rows = connection.rows(statement)
    if len(rows) != 1:
        msg = f"The statement for the release of a catalog gives one row; it gave {len(rows):,}."
        raise InvalidCatalog(msg)
    values = list(rows[0].values())
    if all(value is None for value in values):
        return None
    told = str(values[0]) if len(values) == 1 else json.dumps(values, default=str)
    return told if len(told) <= MAX_TEXT else hashlib.sha256(told.encode()).hexdigest()


def _described(connection: Connection, schema: ReflectedSchema, table: str) -> tuple[Mapping[str, Any], ...]:
    if schema.table(table) is None:
        return ()
    rows = connection.rows(statements.rows_as_json(schema.name, table))
    return tuple(json.loads(row["row"]) for row in rows)


def _by_table(rows: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["table"], []).append(row)
    return found


def _table(
    name: str, columns: list[dict[str, Any]], keys: list[dict[str, Any]], readable: Mapping[str, Any]
) -> ReflectedTable:
    """Put a table together; keys that refer to tables that the role may not read are left out."""
    primary = next((tuple(key["columns"]) for key in keys if key["kind"] == "p"), ())
    foreign = (
        ForeignKey(tuple(key["columns"]), key["target_table"], tuple(key["target_columns"]))
        for key in keys
        if key["kind"] == "f" and key["target_table"] in readable
    )
    return ReflectedTable(
        name,
        tuple(
            ReflectedColumn(row["name"], row["sql_type"], row["is_nullable"], row["comment"])
            for row in columns
        ),
        primary,
        tuple(foreign),
        columns[0]["table_comment"],
    )
