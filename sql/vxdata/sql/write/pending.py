"""The versions that staged changes lead to, and the pending table for changes that follow from them.

Beside the columns of a version it says of each row how it came there and what is still to be done with it:

- `placed`: the request says where it hangs, so its parent must be live;
- `relink`: its lineage is still to be computed;
- `cascaded`: it is there only because of an ancestor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.sql.names import TOMBSTONE
from vxdata.sql.schema.ddl import quote
from vxdata.sql.write.create import staged_value
from vxdata.sql.write.lookup import stored_row
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
    from collections.abc import Mapping

    from vxdata.schemas.fields import Field
    from vxdata.schemas.payload_type import PayloadType

MARKS = "placed, relink, cascaded"
"""The columns that a pending row has beside those of a version."""


def create_pending(payload_type: PayloadType) -> str:
    """Make the pending table of a type; it ends with the transaction."""
    return (
        f'CREATE TEMPORARY TABLE "pending_{payload_type.prefix}" (LIKE {latest_table(payload_type)}, '
        "placed boolean NOT NULL, relink boolean NOT NULL, cascaded boolean NOT NULL, "
        "PRIMARY KEY (identifier)) ON COMMIT DROP"
    )


def pend(payload_type: PayloadType, query: str) -> str:
    """Put what a query finds into the pending table."""
    columns = f"{listed(columns_of(payload_type))}, {MARKS}"
    return f"INSERT INTO {pending_table(payload_type)} ({columns}) {query}"


def pended(payload_type: PayloadType) -> str:
    """The versions in the pending table."""
    return f"SELECT {listed(columns_of(payload_type))} FROM {pending_table(payload_type)}"


def changed(
    payload_type: PayloadType,
    staged: str,
    column_sets: Mapping[tuple[str, ...], int],
    rows: int | None = None,
) -> str:
    """A query for the versions that an update writes, without those in which nothing changes.

    Args:
        payload_type: The type.
        staged: The relation of the staged rows.
        column_sets: Sets of fields, each with the number that stands beside the rows which state it.
        rows: How many rows there are in a staging table; None if they stand in the statement.

    Returns:
        One query for pending rows, however many sets there are: it passes over the staged rows once.
    """
    stated = {field.name: _stated(field, column_sets) for field in payload_type.create_fields}
    changes = {name: value for name, value in stated.items() if value is not None}
    columns = columns_of(payload_type)
    values = [f"{changes.get(name, f'r.{quote(name)}')} AS {quote(name)}" for name in columns]
    differs = {name: f"r.{quote(name)} IS DISTINCT FROM {value}" for name, value in changes.items()}
    moved = differs.get("parent_identifier", "false")
    return (
        f"SELECT {', '.join(values)}, {_marks(moved)} FROM {staged} AS s"
        f"{stored_row(latest_table(payload_type), 's.identifier', rows)} "
        f"WHERE {' OR '.join(differs.values()) or 'false'}"
    )


def _stated(field: Field, column_sets: Mapping[tuple[str, ...], int]) -> str | None:
    """The new value of a field: what is staged, or what is stored in rows that do not state it."""
    numbers = [number for names, number in column_sets.items() if field.name in names]
    if not numbers or len(numbers) == len(column_sets):
        return staged_value(field) if numbers else None
    array = f"'{{{', '.join(map(str, numbers))}}}'"
    return (
        f"CASE WHEN s.{COLUMN_SET} = ANY ({array}) THEN {staged_value(field)} ELSE r.{quote(field.name)} END"
    )


def marked(payload_type: PayloadType, staged: str, *, tombstone: bool, rows: int | None = None) -> str:
    """The staged resources as deleted, or as live again with their lineage to be computed anew.

    A tombstone keeps the payload, so that a restore finds it.
    """
    values = content(columns_of(payload_type), f"{flag(tombstone)} AS {quote(TOMBSTONE)}")
    return (
        f"SELECT {values}, {_marks(flag(not tombstone))} FROM {staged} AS s"
        f"{stored_row(latest_table(payload_type), 's.identifier', rows)}"
    )


def _marks(moved: str) -> str:
    return f"{moved} AS placed, {moved} AS relink, false AS cascaded"


def deleted_in(payload_type: PayloadType) -> str:
    """Commits that deleted the pending resources which a request names."""
    return f"SELECT DISTINCT version FROM {pending_table(payload_type)} WHERE NOT cascaded"
