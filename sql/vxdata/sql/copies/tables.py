"""The tables of a copy in DuckDB: their definitions, and the digest by which a file of other ones is told.

They have the names that PostgreSQL's tables have, so that one query can read either. There are no keys and no
indexes: each would cost more than it saves, as questions scan columns.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vxdata.schemas.catalog.builtin import COMMIT_FIELDS
from vxdata.schemas.fields import Boolean
from vxdata.sql.copies.macros import MACROS
from vxdata.sql.names import COMMIT_LOG, SCHEMA, TOMBSTONE, history, latest, render, written
from vxdata.sql.schema.ddl import quote
from vxdata.sql.types import duckdb_type

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vxdata.schemas.fields import FieldType
    from vxdata.schemas.payload_type import PayloadType

FORMAT: Final = 1
"""Raised when files of the same tables would be filled or read in another way."""

ABOUT: Final = f"{SCHEMA}.about"
"""Table of names and values that describe the file."""

APPLIED: Final = f"{SCHEMA}.applied"
"""Table that tells up to which commit each copy was brought."""

_APPLIED_COLUMNS: Final = (
    "resource_type VARCHAR NOT NULL, version BIGINT NOT NULL, stamp TIMESTAMPTZ NOT NULL, "
    "changed_version BIGINT, changed_stamp TIMESTAMPTZ, purge_epoch BIGINT NOT NULL"
)

LAYOUT: Final = "layout"
"""Name in `about` of the digest of the layout."""


@dataclass(frozen=True)
class CopiedTable:
    """A table of PostgreSQL of which there is a copy.

    Args:
        name: Its name, quoted, in both engines.
        columns: Names and types of its columns, in order.
        is_latest: Whether a later version of a resource takes the place of its row.
        is_history: Whether it holds superseded versions.
    """

    name: str
    columns: tuple[tuple[str, FieldType], ...]
    is_latest: bool = False
    is_history: bool = False


def latest_of(payload_type: PayloadType) -> CopiedTable:
    """The table of the latest version of each resource."""
    return CopiedTable(written(latest, payload_type.prefix), _columns(payload_type), is_latest=True)


def history_of(payload_type: PayloadType) -> CopiedTable:
    """The table of superseded versions."""
    return CopiedTable(written(history, payload_type.prefix), _columns(payload_type), is_history=True)


COMMIT_TABLE: Final = CopiedTable(
    render(COMMIT_LOG.copy()),
    tuple(("stamp" if field.name == "as_of" else field.name, field.type) for field in COMMIT_FIELDS),
)
"""The commit log, with the columns that plans can read."""


def both_tables(payload_type: PayloadType) -> tuple[CopiedTable, CopiedTable]:
    """Both tables of a type."""
    return latest_of(payload_type), history_of(payload_type)


def copied_tables(payload_types: Iterable[PayloadType]) -> list[CopiedTable]:
    """Every table that a file holds a copy of."""
    return [COMMIT_TABLE, *(table for each in payload_types for table in both_tables(each))]


def create_all(payload_types: Iterable[PayloadType]) -> list[str]:
    """Render what a new file begins with.

    Args:
        payload_types: All types.

    Returns:
        Statements, in the order in which they must run; the last one tells the layout.
    """
    statements = _layout(payload_types)
    return [*statements, f"INSERT INTO {ABOUT} VALUES ('{LAYOUT}', '{_digest(statements)}')"]


def read_layout() -> str:
    """Read the digest of the layout of a file."""
    return f"SELECT value FROM {ABOUT} WHERE name = '{LAYOUT}'"


def layout_digest(payload_types: Iterable[PayloadType]) -> str:
    """The digest that `read_layout` finds in a file of these types."""
    return _digest(_layout(payload_types))


def read_through(table: CopiedTable) -> str:
    """Read every value of a table, and return one row."""
    return f"SELECT bit_xor(hash(t)) FROM {table.name} AS t"


def _layout(payload_types: Iterable[PayloadType]) -> list[str]:
    return [
        f"CREATE SCHEMA {SCHEMA}",
        f"CREATE TABLE {ABOUT} (name VARCHAR NOT NULL, value VARCHAR NOT NULL)",
        f"CREATE TABLE {APPLIED} ({_APPLIED_COLUMNS})",
        *map(_create, copied_tables(payload_types)),
        *MACROS,
    ]


def _digest(statements: list[str]) -> str:
    return hashlib.blake2b(repr((FORMAT, statements)).encode(), digest_size=16).hexdigest()


def _columns(payload_type: PayloadType) -> tuple[tuple[str, FieldType], ...]:
    fields = [(field.name, field.type) for field in payload_type.response_fields]
    return (*fields, (TOMBSTONE, Boolean()))


def _create(table: CopiedTable) -> str:
    columns = ", ".join(f"{quote(name)} {duckdb_type(kind)}" for name, kind in table.columns)
    return f"CREATE TABLE {table.name} ({columns})"
