"""Upgrade: bring a database up to this version's migrations and registry."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vxdata.schemas.errors.messages import abridged
from vxdata.server.database.connection import READ_WRITE
from vxdata.server.database.errors import UndefinedObject
from vxdata.server.database.pool import Lane
from vxdata.sql.schema import reading
from vxdata.sql.schema import upgrade as statements
from vxdata.sql.schema.ddl import add_column, create_tables, indexes
from vxdata.sql.schema.migrations import migrations
from vxdata.sql.types import catalog_type

if TYPE_CHECKING:
    from collections.abc import Collection

    from vxdata.schemas.catalog.registry import Registry
    from vxdata.schemas.fields import Field
    from vxdata.schemas.payload_type import PayloadType
    from vxdata.server.database.connection import Connection
    from vxdata.server.database.pool import ConnectionPool


class SchemaMismatch(RuntimeError):
    """The database holds what this version cannot have made, so nothing was changed."""


@dataclass(frozen=True)
class Upgrade:
    """The result of an upgrade.

    Args:
        migrations: Names of the migrations applied.
        tables: Resource types whose tables were made.
        columns: Fields added, as ``volume.b_value``.
        indexes: Names of the indexes added to tables that were there.
        rights: Tables on which the reading role has other rights from now on.
    """

    migrations: tuple[str, ...]
    tables: tuple[str, ...]
    columns: tuple[str, ...]
    indexes: tuple[str, ...] = ()
    rights: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether there was anything to do."""
        return bool(self.migrations or self.tables or self.columns or self.indexes or self.rights)


def upgrade(database: ConnectionPool, registry: Registry, read_role: str | None = None) -> Upgrade:
    """Apply what is missing, in one transaction; running it again, or twice at once, changes nothing more.

    Args:
        database: Pool of connections of the role that owns the database.
        registry: The payload types.
        read_role: The role by which servers read, if they have one: it gets its rights.

    Returns:
        What was done.

    Raises:
        SchemaMismatch: The database is newer than this version, or a column has another type.
        DatabaseError: PostgreSQL refused a statement.
    """
    with database.connection(Lane.WRITE) as connection, connection.transaction(READ_WRITE):
        connection.rows(statements.LOCK)
        for statement in statements.PREPARE:
            connection.execute(statement)
        missing = _missing(connection, registry)
        _apply(connection, registry, missing)
        rights = () if read_role is None else _let_read(connection, read_role)
    return replace(missing, rights=rights)


def require_current(database: ConnectionPool, registry: Registry) -> None:
    """Refuse a database that lacks something, without changing it.

    Args:
        database: Pool of connections.
        registry: The payload types.

    Raises:
        SchemaMismatch: An upgrade has something to do, or cannot be done.
    """
    advice = "Run `vxdata db upgrade` on it."
    with database.connection(Lane.WRITE) as connection:
        try:
            missing = _missing(connection, registry)
        except UndefinedObject as error:
            msg = f"The database has no tables of VxData yet. {advice}"
            raise SchemaMismatch(msg) from error
    if missing.changed:
        names = abridged([*missing.migrations, *missing.tables, *missing.columns, *missing.indexes])
        msg = f"The database is older than this version and lacks {names}. {advice}"
        raise SchemaMismatch(msg)


def _missing(connection: Connection, registry: Registry) -> Upgrade:
    """Compare the database with the migrations and the registry."""
    present = _present_columns(connection)
    columns = [
        f"{payload_type.prefix}.{field.name}"
        for payload_type in registry
        if payload_type.prefix in present
        for field in _missing_fields(payload_type, present)
    ]
    tables = [payload_type.prefix for payload_type in registry if payload_type.prefix not in present]
    return Upgrade(
        _missing_migrations(connection),
        tuple(tables),
        tuple(columns),
        _missing_indexes(connection, registry, tables),
    )


def _apply(connection: Connection, registry: Registry, missing: Upgrade) -> None:
    for migration in migrations():
        if migration.name in missing.migrations:
            for statement in (*migration.statements, statements.record(migration)):
                connection.execute(statement)
    for payload_type in registry:
        for field in payload_type.fields:
            if f"{payload_type.prefix}.{field.name}" in missing.columns:
                for statement in add_column(payload_type, field):
                    connection.execute(statement)
        for statement in create_tables(payload_type):
            connection.execute(statement)


def _let_read(connection: Connection, role: str) -> tuple[str, ...]:
    """Give the reading role its rights, unless it has them, and tell of which tables they have changed."""
    changed = tuple(row["name"] for row in connection.rows(reading.misgranted(role)))
    for statement in reading.grants(role) if changed else ():
        connection.execute(statement)
    return changed


def _missing_migrations(connection: Connection) -> tuple[str, ...]:
    applied = {row["number"]: row["name"] for row in connection.rows(statements.APPLIED)}
    known = {migration.number: migration.name for migration in migrations()}
    if unknown := sorted(applied.keys() - known.keys()):
        names = ", ".join(applied[number] for number in unknown)
        msg = f"The database has migrations that this version does not know: {names}. Use a newer vxdata."
        raise SchemaMismatch(msg)
    return tuple(name for number, name in sorted(known.items()) if number not in applied)


def _missing_indexes(
    connection: Connection, registry: Registry, missing_tables: Collection[str]
) -> tuple[str, ...]:
    """The indexes that tables lack which are there."""
    present = {row["indexname"] for row in connection.rows(statements.INDEXES)}
    return tuple(
        name
        for payload_type in registry
        if payload_type.prefix not in missing_tables
        for name in indexes(payload_type)
        if name not in present
    )


def _present_columns(connection: Connection) -> dict[str, dict[str, str]]:
    present: dict[str, dict[str, str]] = {}
    for row in connection.rows(statements.COLUMNS):
        present.setdefault(row["table_name"], {})[row["column_name"]] = row["column_type"]
    return present


def _missing_fields(payload_type: PayloadType, present: dict[str, dict[str, str]]) -> list[Field]:
    """The fields that the existing tables of a type lack."""
    for table in (payload_type.prefix, f"{payload_type.prefix}_history"):
        _check_types(payload_type, present.get(table, {}))
    return [field for field in payload_type.fields if field.name not in present[payload_type.prefix]]


def _check_types(payload_type: PayloadType, columns: dict[str, str]) -> None:
    """Refuse a field whose column has another type: changing it would alter stored versions."""
    for field in payload_type.response_fields:
        stored = columns.get(field.name)
        if stored is not None and stored != catalog_type(field.type):
            msg = (
                f"{payload_type.prefix}.{field.name} is stored as {stored}, but declared as "
                f"{catalog_type(field.type)}. Only added fields are applied by themselves; write a "
                "migration, or declare a new field."
            )
            raise SchemaMismatch(msg)
