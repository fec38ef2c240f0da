"""Statements that bring a database up to the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from vxdata.sql.names import SCHEMA, render

if TYPE_CHECKING:
    from vxdata.sql.schema.migrations import Migration

LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('vxdata.upgrade', 0))::text AS locked"
"""Held to the end of the transaction, so that of two upgrades the second finds nothing left to do."""

PREPARE: Final = (
    f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}",
    f"""CREATE TABLE IF NOT EXISTS {SCHEMA}.migration (
        number integer PRIMARY KEY,
        name text NOT NULL,
        applied_at timestamp with time zone NOT NULL DEFAULT clock_timestamp()
    )""",
)
"""The statements that make the schema and the table in which the upgrade records migrations."""

APPLIED: Final = f"SELECT number, name FROM {SCHEMA}.migration ORDER BY number"

COLUMNS: Final = f"""
SELECT c.relname AS table_name, a.attname AS column_name, format_type(a.atttypid, a.atttypmod) AS column_type
FROM pg_attribute AS a
JOIN pg_class AS c ON c.oid = a.attrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = '{SCHEMA}' AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
"""
"""Every column of every table, with its type as PostgreSQL prints it."""

INDEXES: Final = f"SELECT indexname FROM pg_indexes WHERE schemaname = '{SCHEMA}'"
"""The name of every index."""


def record(migration: Migration) -> str:
    """Note that a migration was applied."""
    name = render(exp.Literal.string(migration.name))
    return f"INSERT INTO {SCHEMA}.migration (number, name) VALUES ({migration.number}, {name})"
