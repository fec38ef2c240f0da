"""The pending table of a type, and the staged changes as pending versions.

Beside the columns of a version it says of each row how it came there and what is still to be done with it:

- `placed`: the request says where it hangs, so its parent must be live;
- `relink`: its lineage is still to be computed;
- `cascaded`: it is there only because of an ancestor;
- `level`: the step of the cascade that took or marked it, 0 for what the request names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.sql.ddl import COLUMN_SET, quote
from vxdata.sql.versions.tables import (
    columns_of,
    content,
    flag,
    latest_table,
    listed,
    pending_table,
    staged_table,
)
from vxdata.sql.writes import staged_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.payload_type import PayloadType

MARKS = "placed, relink, cascaded, level"
"""The columns that a pending row has beside those of a version."""


def create_pending(payload_type: PayloadType) -> str:
    """Make the pending table of a type; it ends with the transaction."""
    return (
        f'CREATE TEMPORARY TABLE "pending_{payload_type.prefix}" (LIKE {latest_table(payload_type)}, '
        "placed boolean NOT NULL, relink boolean NOT NULL, cascaded boolean NOT NULL, "
        "level integer NOT NULL, PRIMARY KEY (identifier)) ON COMMIT DROP"
    )


def pend_update(payload_type: PayloadType, number: int, names: Sequence[str]) -> str:
    """Pend the staged changes of one set of columns, leaving out what would change nothing.

    Args:
        payload_type: The type.
        number: The set's number in the staging table.
        names: The fields that it states.

    Returns:
        One INSERT into the pending table.
    """
    stated = {field.name: staged_value(field) for field in payload_type.create_fields if field.name in names}
    columns = columns_of(payload_type)
    values = [stated.get(name, f"r.{quote(name)}") for name in columns]
    differs = {name: f"r.{quote(name)} IS DISTINCT FROM {value}" for name, value in stated.items()}
    moved = differs.get("parent_identifier", "false")
    return (
        f"INSERT INTO {pending_table(payload_type)} ({listed(columns)}, {MARKS}) "
        f"SELECT {', '.join(values)}, {moved}, {moved}, false, 0 FROM {staged_table(payload_type)} AS s "
        f"JOIN {latest_table(payload_type)} AS r ON r.identifier = s.identifier "
        f"WHERE s.{COLUMN_SET} = {number} AND ({' OR '.join(differs.values()) or 'false'})"
    )


def pend_staged(payload_type: PayloadType, *, tombstone: bool) -> str:
    """Pend the staged resources as deleted, or as live again with their lineage computed anew.

    A tombstone keeps the payload, so that a restore finds it.
    """
    columns = columns_of(payload_type)
    live = flag(not tombstone)
    return (
        f"INSERT INTO {pending_table(payload_type)} ({listed(columns)}, {MARKS}) "
        f"SELECT {content(columns, flag(tombstone))}, {live}, {live}, false, 0 "
        f"FROM {staged_table(payload_type)} AS s "
        f"JOIN {latest_table(payload_type)} AS r ON r.identifier = s.identifier"
    )


def deleted_in(payload_type: PayloadType) -> str:
    """Commits that deleted the pending resources which a request names."""
    return f"SELECT DISTINCT version FROM {pending_table(payload_type)} WHERE NOT cascaded"
