"""Table definitions, derived from the payload types.

Each payload type has two tables with the same columns: the latest version of each resource, live or
deleted, and the history of superseded ones. Payload columns may be null even where the type requires
a value: older versions must stay readable when a later declaration requires more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.payload_type import LINEAGE_PREFIXES
from vxdata.sql.names import TOMBSTONE, history, latest, render
from vxdata.sql.types import postgres_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.schemas.fields import Field
    from vxdata.schemas.payload_type import PayloadType

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
        *_indexes(payload_type),
    ]


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


def _indexes(payload_type: PayloadType) -> Iterator[str]:
    """Indexes of lineage filters and direct parents, and of what was still open at a recent instant.

    They leave nulls out (no lineage filter looks for null), and the column that only repeats the
    resource's own identifier has none.
    """
    lineage = [name for name, prefix in LINEAGE_PREFIXES.items() if prefix != payload_type.prefix]
    for suffix, table in (("", latest(payload_type.prefix)), ("_history", history(payload_type.prefix))):
        for column in ("parent_identifier", *lineage):
            name = quote(f"{payload_type.prefix}{suffix}_{column}_idx")
            yield (
                f"CREATE INDEX IF NOT EXISTS {name} ON {render(table)} ({quote(column)}) "
                f"WHERE {quote(column)} IS NOT NULL"
            )
    ended = quote(f"{payload_type.prefix}_history_valid_to_idx")
    yield f'CREATE INDEX IF NOT EXISTS {ended} ON {render(history(payload_type.prefix))} ("valid_to")'
