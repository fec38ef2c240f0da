"""The versions that staged changes lead to, and the pending table for changes that follow from them.

Beside the columns of a version it says of each row how it came there and what is still to be done with it:

- `placed`: the request says where it hangs, so its parent must be live;
- `relink`: its lineage is still to be computed;
- `cascaded`: it is there only because of an ancestor;
- `level`: the step of the cascade that took or marked it, 0 for what the request names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.sql.names import TOMBSTONE
from vxdata.sql.schema.ddl import quote
from vxdata.sql.write.create import staged_value
from vxdata.sql.write.staged import COLUMN_SET
from vxdata.sql.write.tables import (
    columns_of,
    content,
    flag,
    latest_table,
    listed,
    pending_table,
)

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


def pend(payload_type: PayloadType, query: str) -> str:
    """Put what a query finds into the pending table."""
    columns = f"{listed(columns_of(payload_type))}, {MARKS}"
    return f"INSERT INTO {pending_table(payload_type)} ({columns}) {query}"


def pended(payload_type: PayloadType) -> str:
    """The versions in the pending table."""
    return f"SELECT {listed(columns_of(payload_type))} FROM {pending_table(payload_type)}"


def changed(payload_type: PayloadType, staged: str, number: int, names: Sequence[str]) -> str:
    """The versions that one set of staged columns makes, leaving out what would change nothing.

    Args:
        payload_type: The type.
        staged: The relation of the staged rows.
        number: The set's number.
        names: The fields that it states.

    Returns:
        A query for pending rows.
    """
    stated = {field.name: staged_value(field) for field in payload_type.create_fields if field.name in names}
    columns = columns_of(payload_type)
    values = [f"{stated.get(name, f'r.{quote(name)}')} AS {quote(name)}" for name in columns]
    differs = {name: f"r.{quote(name)} IS DISTINCT FROM {value}" for name, value in stated.items()}
    moved = differs.get("parent_identifier", "false")
    return (
        f"SELECT {', '.join(values)}, {_marks(moved)} FROM {staged} AS s "
        f"JOIN {latest_table(payload_type)} AS r ON r.identifier = s.identifier "
        f"WHERE s.{COLUMN_SET} = {number} AND ({' OR '.join(differs.values()) or 'false'})"
    )


def marked(payload_type: PayloadType, staged: str, *, tombstone: bool) -> str:
    """The staged resources as deleted, or as live again with their lineage to be computed anew.

    A tombstone keeps the payload, so that a restore finds it.
    """
    values = content(columns_of(payload_type), f"{flag(tombstone)} AS {quote(TOMBSTONE)}")
    return (
        f"SELECT {values}, {_marks(flag(not tombstone))} FROM {staged} AS s "
        f"JOIN {latest_table(payload_type)} AS r ON r.identifier = s.identifier"
    )


def _marks(moved: str) -> str:
    return f"{moved} AS placed, {moved} AS relink, false AS cascaded, 0 AS level"


def deleted_in(payload_type: PayloadType) -> str:
    """Commits that deleted the pending resources which a request names."""
    return f"SELECT DISTINCT version FROM {pending_table(payload_type)} WHERE NOT cascaded"
