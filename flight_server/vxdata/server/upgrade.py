"""Upgrade: bring a database up to this version's migrations and registry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vxdata.server.database import READ_WRITE
from vxdata.sql import upgrade as statements
from vxdata.sql.ddl import add_column, create_tables
from vxdata.sql.migrations import migrations
from vxdata.sql.types import catalog_type

if TYPE_CHECKING:
    from vxdata.schemas.payload_type import PayloadType
    from vxdata.schemas.registry import Registry
    from vxdata.server.database import Connection, Database


class SchemaMismatch(RuntimeError):
    """The database holds what this version cannot have made, so nothing was changed."""


@dataclass(frozen=True)
class Upgrade:
    """What an upgrade did.

    Args:
        migrations: Names of the migrations applied.
        tables: Resource types whose tables were made.
        columns: Fields added, as ``volume.b_value``.
    """

    migrations: tuple[str, ...]
    tables: tuple[str, ...]
    columns: tuple[str, ...]

    @property
    def changed(self) -> bool:
        """Whether there was anything to do."""
        return bool(self.migrations or self.tables or self.columns)


def upgrade(database: Database, registry: Registry) -> Upgrade:
    """Apply what is missing, in one transaction; running it again, or twice at once, changes nothing more.

    Args:
        database: Pool of connections of the role that owns the database.
        registry: The payload types.

    Returns:
        What was done.

    Raises:
        SchemaMismatch: The database is newer than this version, or a column has another type.
        DatabaseError: PostgreSQL refused a statement.
    """
    with database.connection() as connection, connection.transaction(READ_WRITE):
        connection.rows(statements.LOCK)
        for statement in statements.PREPARE:
            connection.execute(statement)
        applied = _apply_migrations(connection)
        present = _present_columns(connection)
        tables = [payload_type for payload_type in registry if payload_type.prefix not in present]
        added = _add_columns(connection, registry, present)
        for payload_type in registry:
            for statement in create_tables(payload_type):
                connection.execute(statement)
    return Upgrade(applied, tuple(payload_type.prefix for payload_type in tables), added)


def _apply_migrations(connection: Connection) -> tuple[str, ...]:
    applied = {row["number"]: row["name"] for row in connection.rows(statements.APPLIED)}
    known = {migration.number for migration in migrations()}
    if unknown := sorted(applied.keys() - known):
        names = ", ".join(applied[number] for number in unknown)
        msg = f"The database has migrations that this version does not know: {names}. Use a newer vxdata."
        raise SchemaMismatch(msg)
    todo = [migration for migration in migrations() if migration.number not in applied]
    for migration in todo:
        for statement in (*migration.statements, statements.record(migration)):
            connection.execute(statement)
    return tuple(migration.name for migration in todo)


def _present_columns(connection: Connection) -> dict[str, dict[str, str]]:
    present: dict[str, dict[str, str]] = {}
    for row in connection.rows(statements.COLUMNS):
        present.setdefault(row["table_name"], {})[row["column_name"]] = row["column_type"]
    return present


def _add_columns(
    connection: Connection, registry: Registry, present: dict[str, dict[str, str]]
) -> tuple[str, ...]:
    """Add the fields that existing tables lack."""
    added = []
    for payload_type in registry:
        columns = present.get(payload_type.prefix)
        if columns is None:
            continue
        for table in (payload_type.prefix, f"{payload_type.prefix}_history"):
            _check_types(payload_type, present.get(table, {}))
        for field in payload_type.fields:
            if field.name not in columns:
                added.append(f"{payload_type.prefix}.{field.name}")
                for statement in add_column(payload_type, field):
                    connection.execute(statement)
    return tuple(added)


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
