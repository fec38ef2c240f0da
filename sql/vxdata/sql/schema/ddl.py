"""Table definitions, derived from the payload types.

Each payload type has two tables with the same columns: the latest version of each resource, live or
deleted, and the history of superseded ones. Payload columns may be null even where the type requires
a value: older versions must stay readable when a later declaration requires more.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from vxdata.schemas.payload_type import LINEAGE_PREFIXES
from vxdata.sql.names import TOMBSTONE, history, latest, render
from vxdata.sql.types import postgres_type

if TYPE_CHECKING:
    from vxdata.schemas.fields import Field
    from vxdata.schemas.payload_type import PayloadType

MAX_NAME_BYTES: Final = 63
"""Longest name that PostgreSQL keeps as it is."""

NOT_NULL = frozenset({"identifier", "valid_from", "created_at", "version"})


def quote(name: str) -> str:
    """Quote a name that the registry has checked to be snake case."""
    return f'"{name}"'


def create_tables(payload_type: PayloadType) -> list[str]:
    """Render the tables and indexes of a payload type, each `IF NOT EXISTS`.

    Args:
        payload_type: The declaration.

    Returns:
        Statements, in the order in which they must run.
    """
    columns = [_column(field) for field in payload_type.response_fields]
    columns.append(f"{quote(TOMBSTONE)} boolean NOT NULL DEFAULT false")
    current = [*columns, 'PRIMARY KEY ("identifier")', 'CHECK ("valid_to" IS NULL)']
    superseded = [*columns, 'PRIMARY KEY ("identifier", "version")', 'CHECK ("valid_to" > "valid_from")']
    return [
        f"CREATE TABLE IF NOT EXISTS {render(latest(payload_type.prefix))} ({', '.join(current)})",
        f"CREATE TABLE IF NOT EXISTS {render(history(payload_type.prefix))} ({', '.join(superseded)})",
        *indexes(payload_type).values(),
    ]


def indexes(payload_type: PayloadType) -> dict[str, str]:
    """Render the indexes of a payload type besides its keys, each `IF NOT EXISTS`.

    There is one for each lineage field and for the parent, for each external identifier, for what was
    still open at a recent instant, and for what the commits after some commit wrote. Those of the first two
    kinds leave nulls out, since nobody looks for null there; and the column that only repeats the resource's
    own identifier has none. Those of external identifiers hold hashes: to insert a million UIDs takes two
    thirds of the time that a tree takes, and a third of the space.

    Args:
        payload_type: The declaration.

    Returns:
        Name of the index -> the statement that makes it.
    """
    lineage = [name for name, prefix in LINEAGE_PREFIXES.items() if prefix != payload_type.prefix]
    external = [field.name for field in payload_type.fields if field.is_external_identifier]
    made = {}
    for suffix, table in (("", latest(payload_type.prefix)), ("_history", history(payload_type.prefix))):
        for column in ("parent_identifier", *lineage, *external):
            name = _index_name(f"{payload_type.prefix}{suffix}", column)
            method = "hash" if column in external else "btree"
            made[name] = (
                f"CREATE INDEX IF NOT EXISTS {quote(name)} ON {render(table)} "
                f"USING {method} ({quote(column)}) WHERE {quote(column)} IS NOT NULL"
            )
        written = _index_name(f"{payload_type.prefix}{suffix}", "version")
        made[written] = f'CREATE INDEX IF NOT EXISTS {quote(written)} ON {render(table)} ("version")'
    ended, table = _index_name(f"{payload_type.prefix}_history", "valid_to"), history(payload_type.prefix)
    made[ended] = f'CREATE INDEX IF NOT EXISTS {quote(ended)} ON {render(table)} ("valid_to")'
    return made


def _index_name(table: str, column: str) -> str:
    """Name an index; PostgreSQL would cut a long name off, so that two could become one."""
    name = f"{table}_{column}_idx"
    if len(name) <= MAX_NAME_BYTES:
        return name
    digest = hashlib.blake2b(name.encode(), digest_size=8).hexdigest()
    return f"{name[: MAX_NAME_BYTES - len(digest) - 1]}_{digest}"


def add_column(payload_type: PayloadType, field: Field) -> list[str]:
    """Render the addition of a field to both tables of its type; existing versions hold null."""
    return [
        f"ALTER TABLE {render(table)} ADD COLUMN IF NOT EXISTS {_column(field)}"
        for table in (latest(payload_type.prefix), history(payload_type.prefix))
    ]


def map_columns(name: str) -> tuple[str, str]:
    """Names of the staged key and value arrays of a mapping."""
    return f"{name}__keys", f"{name}__values"


def _column(field: Field) -> str:
    constraint = " NOT NULL" if field.name in NOT_NULL else ""
    return f"{quote(field.name)} {postgres_type(field.type)}{constraint}"
