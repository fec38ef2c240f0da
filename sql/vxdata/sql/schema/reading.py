"""Rights of the role by which a server reads: it sees all that answers are made of, and changes nothing."""

from __future__ import annotations

from typing import Final

from vxdata.sql.names import SCHEMA, quoted, text

PRIVATE: Final = ("signing_key", "token")
"""The tables that it does not see: no answer is made of them, and who knew the key could sign addresses."""

_ALL: Final = f"""
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = '{SCHEMA}' AND c.relkind IN ('r', 'p', 'v', 'm')
"""

_IS_PRIVATE: Final = f"c.relname IN ({', '.join(map(text, PRIVATE))})"

ROLE: Final = "SELECT session_user::text AS role"
"""Tell as whom a connection has logged in."""

PLACE: Final = """
SELECT (SELECT oid::text FROM pg_database WHERE datname = current_database()) AS database,
    pg_postmaster_start_time()::text AS server
"""
"""Tell to which database of which server a connection leads: a copy of it elsewhere has another start."""

OWN_ROLE: Final = f"""
SELECT r.rolname::text AS role, EXISTS (SELECT FROM pg_auth_members AS m WHERE m.member = r.oid) AS is_member,
    r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls AS is_privileged,
    has_schema_privilege('{SCHEMA}', 'CREATE') AS may_create
FROM pg_roles AS r WHERE r.rolname = session_user
"""
"""Tell what whoever asks could do beyond its rights on tables: others' rights come by membership."""

OWN_RIGHTS: Final = f"""
SELECT c.relname::text AS name, {_IS_PRIVATE} AS is_private,
    has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS may_read,
    has_table_privilege(c.oid, 'DELETE, TRUNCATE') OR has_any_column_privilege(c.oid, 'INSERT, UPDATE')
        AS may_write
{_ALL} ORDER BY c.relname
"""
"""Tell of every table what whoever asks may do with it."""


def misgranted(role: str) -> str:
    """Find the tables that a role should see and does not, or sees and should not.

    Args:
        role: Its name.

    Returns:
        A query for their names.
    """
    name = text(role)
    return (
        f"SELECT c.relname::text AS name {_ALL} AND {_IS_PRIVATE} = "
        f"(has_schema_privilege({name}, n.oid, 'USAGE') AND has_table_privilege({name}, c.oid, 'SELECT')) "
        "ORDER BY c.relname"
    )


def grants(role: str) -> tuple[str, ...]:
    """Write what gives a role its rights, and no others.

    Args:
        role: Its name.
    """
    name = quoted(role)
    private = ", ".join(f"{SCHEMA}.{table}" for table in PRIVATE)
    return (
        f"GRANT USAGE ON SCHEMA {SCHEMA} TO {name}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA {SCHEMA} TO {name}",
        f"REVOKE ALL ON {private} FROM {name}",
    )
