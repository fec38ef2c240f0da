"""Statements that read what tables a PostgreSQL schema has, and which release of its data.

They read `pg_catalog`, which tells every role all of it, and show only the tables that the role may read, and
the views which show nothing else.
"""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from vxdata.sql.names import render, text

READABLE_KINDS: Final = "('r', 'p', 'v', 'm', 'f')"
"""Tables, partitioned ones, views, materialised ones and foreign tables, as `pg_class` abbreviates them."""


def columns_of(schema: str) -> str:
    """A query for the columns of all tables: one row a column, in the order of their declaration.

    A column of a domain has the type below it, since that is what it is compared and sent as. A partition is
    left out: the table that it is a part of shows its rows.

    Args:
        schema: Name of the schema.

    Returns:
        A SELECT of `table`, `table_comment`, `name`, `sql_type`, `is_nullable` and `comment`.
    """
    return f"""
        WITH RECURSIVE needed AS ({_needed(schema)})
        SELECT c.relname::text AS "table", obj_description(c.oid, 'pg_class') AS table_comment,
            a.attname::text AS name, col_description(c.oid, a.attnum) AS comment,
            CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod)
                ELSE format_type(a.atttypid, a.atttypmod) END AS sql_type,
            NOT (a.attnotnull OR t.typnotnull) AS is_nullable
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
        JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        WHERE n.nspname = {text(schema)} AND c.relkind IN {READABLE_KINDS} AND NOT c.relispartition
            AND a.attnum > 0 AND NOT a.attisdropped AND has_table_privilege(c.oid, 'SELECT')
            AND NOT EXISTS (SELECT FROM needed
                WHERE needed.view = c.oid AND NOT has_any_column_privilege(reader, relation, 'SELECT'))
        ORDER BY c.relname, a.attnum"""


def _needed(schema: str) -> str:
    """What the views of a schema read, and with whose rights: one row a view, relation and role.

    A view reads as its owner, or with `security_invoker` as the current user, below other views too. Its rule
    depends on itself, and on all relations that its query names (`pg_depend`), whichever schema they are in.
    """
    return f"""
        SELECT v.oid AS view, v.oid AS relation, u.oid AS reader
        FROM pg_catalog.pg_class v
        JOIN pg_catalog.pg_namespace n ON n.oid = v.relnamespace
        JOIN pg_catalog.pg_roles u ON u.rolname = current_user
        WHERE n.nspname = {text(schema)} AND v.relkind = 'v'
        UNION
        SELECT needed.view, c.oid, CASE WHEN EXISTS (SELECT FROM pg_options_to_table(v.reloptions)
            WHERE option_name = 'security_invoker' AND option_value::boolean) THEN u.oid ELSE v.relowner END
        FROM needed
        JOIN pg_catalog.pg_roles u ON u.rolname = current_user
        JOIN pg_catalog.pg_class v ON v.oid = needed.relation AND v.relkind = 'v'
        JOIN pg_catalog.pg_rewrite r ON r.ev_class = v.oid
        JOIN pg_catalog.pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
        JOIN pg_catalog.pg_class c ON d.refclassid = 'pg_class'::regclass AND c.oid = d.refobjid
        WHERE c.relkind IN {READABLE_KINDS} AND c.oid <> v.oid"""


def keys_of(schema: str) -> str:
    """A query for primary and foreign keys: one row a key.

    Args:
        schema: Name of the schema; keys that refer to tables of another one are left out.

    Returns:
        A SELECT of `table`, `kind` ('p' or 'f'), `columns`, and for a foreign key `target_table` and
        `target_columns`.
    """
    return f"""
        SELECT c.relname::text AS "table", k.contype::text AS kind,
            {_names("k.conrelid", "k.conkey")} AS columns,
            f.relname::text AS target_table, {_names("k.confrelid", "k.confkey")} AS target_columns
        FROM pg_catalog.pg_constraint k
        JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_catalog.pg_class f ON f.oid = k.confrelid
        WHERE n.nspname = {text(schema)} AND k.contype IN ('p', 'f')
            AND (k.contype = 'p' OR f.relnamespace = c.relnamespace)
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_class p WHERE p.oid = k.confrelid AND p.relispartition)
        ORDER BY c.relname, k.contype DESC, k.conname"""


def _names(table: str, places: str) -> str:
    """The names of the columns of a key, in its order."""
    return (
        "(SELECT array_agg(a.attname::text ORDER BY u.place) "
        f"FROM unnest({places}) WITH ORDINALITY AS u (number, place) "
        f"JOIN pg_catalog.pg_attribute a ON a.attrelid = {table} AND a.attnum = u.number)"
    )


def rows_as_json(schema: str, table: str) -> str:
    """A query for all rows of a small table as JSON objects, one text each, in the order of these texts."""
    return f'SELECT row_to_json(r)::text AS "row" FROM {_table(schema, table)} AS r ORDER BY 1'


def content_digest(schema: str, table: str) -> str:
    """A query for one text that changes with the rows of a small table; null if it has none.

    It is run with every call, so rows are texts as they are, without the names that JSON repeats.
    """
    rows = f'SELECT (r.*)::text AS "row" FROM {_table(schema, table)} AS r'
    return (
        f'SELECT md5(string_agg("row", chr(10) ORDER BY "row" COLLATE "C")) AS release FROM ({rows}) AS found'
    )


def fingerprint(schema: str, table: str) -> str:
    """A query for one text that changes when any row of a table does, and that reads no values.

    Every version of a row has the transaction that wrote it, and a place. Another cluster could give other
    rows the same of both, but it was not started at the same instant.
    """
    rows = "coalesce(sum(hashtextextended(r.xmin::text || r.ctid::text, 0)::numeric), 0)"
    found = f"pg_postmaster_start_time() || ':' || count(*) || ':' || {rows}"
    return f"SELECT {found} AS fingerprint FROM {_table(schema, table)} AS r"


def rows_to_send(schema: str, table: str) -> str:
    """A query for all rows of a small table as JSON objects, a comma before each, ordered by these texts."""
    return f"SELECT ',' || row_to_json(r)::text FROM {_table(schema, table)} AS r ORDER BY 1"


def _table(schema: str, table: str) -> str:
    return render(exp.table_(table, db=schema, quoted=True))
