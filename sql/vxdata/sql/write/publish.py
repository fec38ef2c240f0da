"""The one way in which versions are written: present ones to history, new ones in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.sql.names import history, written
from vxdata.sql.schema.ddl import quote
from vxdata.sql.write.lookup import stored_row
from vxdata.sql.write.tables import columns_of, latest_table, listed, stamp

if TYPE_CHECKING:
    from vxdata.schemas.payload_type import PayloadType
    from vxdata.sql.instant import Instant


def publish(
    payload_type: PayloadType, versions: str, commit: Instant, *, computed: bool, rows: int | None = None
) -> str:
    """Move the present versions to history, and put new ones in their place.

    Both parts see what was there before the statement, so their order does not matter. Each new version finds
    the place of the present one by the primary key, as an insert does that meets a row, and not by a join.

    Args:
        payload_type: The type.
        versions: A query for the new versions, each of a resource that is there.
        commit: Sequence number and stamp of this commit.
        computed: Whether the query has more to do than to read a table, and so is run once for both parts.
        rows: How many versions there are at most; None for a few.

    Returns:
        One INSERT that affects as many rows as there are new versions.
    """
    columns = columns_of(payload_type)
    ended = [stamp(commit) if name == "valid_to" else f"r.{quote(name)}" for name in columns]
    fixed = {"valid_from": stamp(commit), "version": str(commit.version), "valid_to": "NULL"}
    values = [fixed.get(name, f"p.{quote(name)}") for name in columns]
    assignments = ", ".join(
        f"{quote(name)} = excluded.{quote(name)}"
        for name in columns
        if name not in {"identifier", "created_at"}
    )
    table = latest_table(payload_type)
    return (
        f"WITH versions AS {'' if computed else 'NOT '}MATERIALIZED ({versions}), superseded AS ("
        f"INSERT INTO {written(history, payload_type.prefix)} ({listed(columns)}) SELECT {', '.join(ended)} "
        f"FROM versions AS p{stored_row(table, 'p.identifier', rows)}) "
        f"INSERT INTO {table} ({listed(columns)}) SELECT {', '.join(values)} FROM versions AS p "
        f"ON CONFLICT (identifier) DO UPDATE SET {assignments}"
    )
