"""Rights of the role that reads catalogs in the server's own database: it sees their tables alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from vxdata.sql.names import quoted, render, text
from vxdata.sql.reflection import READABLE_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable

LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('vxdata.catalog_rights', 0))::text AS locked"
"""Held to the end of the transaction: PostgreSQL lets no two change the rights on one schema at once."""


def missing_tables(schema: str, role: str) -> str:
    """A query for the tables of a schema that a role may not read, and whoever asks can let it read.

    Args:
        schema: Name of the schema.
        role: Name of the role.

    Returns:
        A SELECT of `name`.
    """
    reader = text(role)
    return f"""
        SELECT c.relname::text AS name
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = {text(schema)} AND c.relkind IN {READABLE_KINDS} AND NOT c.relispartition
            AND has_schema_privilege(n.oid, 'USAGE WITH GRANT OPTION')
            AND has_table_privilege(c.oid, 'SELECT WITH GRANT OPTION')
            AND NOT (has_schema_privilege({reader}, n.oid, 'USAGE')
                AND has_table_privilege({reader}, c.oid, 'SELECT'))
        ORDER BY c.relname"""


def grants(schema: str, tables: Iterable[str], role: str) -> tuple[str, ...]:
    """Write what lets a role read tables of a schema, and those that whoever grants it makes there later.

    Args:
        schema: Name of the schema.
        tables: Names of the tables; one at least.
        role: Name of the role.

    Returns:
        The statements.
    """
    place, reader = quoted(schema), quoted(role)
    named = ", ".join(render(exp.table_(table, db=schema, quoted=True)) for table in tables)
    return (
        f"GRANT USAGE ON SCHEMA {place} TO {reader}",
        f"GRANT SELECT ON {named} TO {reader}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA {place} GRANT SELECT ON TABLES TO {reader}",
    )
