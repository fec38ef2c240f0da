"""What the copier runs in DuckDB to bring copies up to a commit, within one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vxdata.schemas.fields import Float, NumberMap, TextMap
from vxdata.sql.copies.tables import APPLIED
from vxdata.sql.literals import timestamp
from vxdata.sql.names import render, text
from vxdata.sql.schema.ddl import quote

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from vxdata.schemas.fields import FieldType
    from vxdata.schemas.payload_type import PayloadType
    from vxdata.sql.copies.tables import CopiedTable

INCOMING: Final = "incoming"
"""Name under which DuckDB reads what arrives from PostgreSQL."""

READ_APPLIED: Final = (
    "SELECT resource_type, version, epoch_us(stamp) AS stamp, changed_version, "
    f"epoch_us(changed_stamp) AS changed_stamp, purge_epoch FROM {APPLIED}"
)
"""Up to which commit each copy was brought; instants are microseconds since 1970."""

FOLDED: Final = (
    "SELECT point, lower(letter) AS folded FROM (SELECT point, chr(point::INTEGER) AS letter "
    "FROM (FROM range(1, 55296) UNION ALL FROM range(57344, 1114112)) AS r (point)) AS l "
    "WHERE lower(letter) <> letter ORDER BY point"
)
"""Each code point that loses its case by DuckDB's own rules, and what becomes of it."""


@dataclass(frozen=True)
class Applied:
    """Up to which commit the copy of a type was brought.

    Args:
        version: Number of the last commit that it holds; 0 before the first.
        stamp: The stamp of that commit; it holds every commit that was stamped up to then.
        changed_version: Number of the last commit that touched the type; None before the first.
        changed_stamp: The stamp of that one.
        purge_epoch: Number of purges that it has followed.
    """

    version: int
    stamp: datetime
    changed_version: int | None
    changed_stamp: datetime | None
    purge_epoch: int


def add(table: CopiedTable) -> str:
    """Put the rows that arrive for a table into it."""
    columns = ", ".join(_input(name, kind) for name, kind in table.columns)
    return f"INSERT INTO {table.name} SELECT {columns} FROM {INCOMING}"


def create_kept(payload_type: PayloadType) -> str:
    """Make a temporary table for the keys of the versions of a type that there are."""
    return f"CREATE TEMPORARY TABLE {_kept(payload_type)} (identifier VARCHAR, version BIGINT)"


def keep(payload_type: PayloadType) -> str:
    """Put keys that arrive into it."""
    return f"INSERT INTO {_kept(payload_type)} FROM {INCOMING}"


def read_kept(table: CopiedTable, payload_type: PayloadType | None = None) -> str:
    """Read a table, without the versions that there are no more.

    Args:
        table: The table.
        payload_type: Its type, if keys of it were taken; all rows are read if it is None.
    """
    if payload_type is None:
        return f"FROM {table.name}"
    return f"FROM {table.name} AS t SEMI JOIN {_kept(payload_type)} USING (identifier, version)"


def take(table: CopiedTable) -> str:
    """Put the rows that arrive from another file into a table."""
    return f"INSERT INTO {table.name} FROM {INCOMING}"


def remove_replaced(table: CopiedTable, version: int, stamp: datetime) -> str:
    """Remove the versions in whose place later ones have been put.

    Args:
        table: A table of latest versions.
        version: Number of the last commit that the copy held before.
        stamp: Its stamp: what was created later had no version then.
    """
    later = f"version > {version} AND created_at <= {render(timestamp(stamp))}"
    found = f"SELECT identifier FROM {table.name} WHERE {later}"
    return f"DELETE FROM {table.name} WHERE version <= {version} AND identifier IN ({found})"


def count(table: CopiedTable) -> str:
    """Count the rows of a table; DuckDB keeps their number."""
    return f"SELECT count(*) FROM {table.name}"


RECLAIM: Final = (f"UPDATE {APPLIED} SET version = version", "CHECKPOINT")
"""Give the room of removed rows back to the file.

The commit that removes many rows writes a checkpoint as well, which cannot reclaim them; and without a change
after it, DuckDB takes another checkpoint for needless.
"""


def mark(applied: Mapping[str, Applied]) -> list[str]:
    """Record up to which commit copies were brought.

    Args:
        applied: By resource type, what its copy has applied; `COMMIT` stands for the commit log.
    """
    types = ", ".join(map(text, applied))
    rows = ", ".join(_mark(name, each) for name, each in applied.items())
    return [f"DELETE FROM {APPLIED} WHERE resource_type IN ({types})", f"INSERT INTO {APPLIED} VALUES {rows}"]


def _kept(payload_type: PayloadType) -> str:
    return quote(f"kept_{payload_type.prefix}")


def _input(name: str, kind: FieldType) -> str:
    """A column of what arrives, as it is stored: entries become a mapping."""
    quoted = quote(name)
    match kind:
        case Float():
            return f"vxdata.to_store({quoted}) AS {quoted}"
        case NumberMap():
            entry = "{'key': e.key, 'value': vxdata.to_store(e.value)}"
            return f"map_from_entries(list_transform({quoted}, lambda e: {entry})) AS {quoted}"
        case TextMap():
            return f"map_from_entries({quoted}) AS {quoted}"
        case _:
            return quoted


def _mark(name: str, each: Applied) -> str:
    stamp, changed = _instant(each.stamp), _instant(each.changed_stamp)
    last = "NULL" if each.changed_version is None else each.changed_version
    return f"({text(name)}, {each.version}, {stamp}, {last}, {changed}, {each.purge_epoch})"


def _instant(stamp: datetime | None) -> str:
    return "NULL" if stamp is None else render(timestamp(stamp))
