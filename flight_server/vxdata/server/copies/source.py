"""What the copier reads of PostgreSQL's clocks, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vxdata.server.copies.applied import BEFORE_ALL
from vxdata.server.database.type_clocks import Change
from vxdata.sql.copies import changes

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from vxdata.server.database.connection import Connection
    from vxdata.sql.copies.apply import Applied


class OtherDatabase(Exception):
    """The database has not the commits that the copies hold: it was restored, or is another one."""


@dataclass(frozen=True)
class Clock:
    """The last commit of a snapshot.

    Args:
        version: Its number; 0 before the first.
        stamp: Its stamp; `BEFORE_ALL` before the first.
        purge_epoch: Number of purges so far.
    """

    version: int
    stamp: datetime
    purge_epoch: int


def read_clock(connection: Connection) -> Clock:
    """Read the last commit that the connection's snapshot sees."""
    (row,) = connection.rows(changes.CLOCK)
    return Clock(row["version"], row["stamp"] or BEFORE_ALL, row["purge_epoch"])


def read_changes(connection: Connection) -> dict[str, Change]:
    """Read the last commit that touched each type."""
    rows = connection.rows(changes.TYPE_CLOCKS)
    return {row["resource_type"]: Change(row["version"], row["stamp"]) for row in rows}


def rows_written_after(connection: Connection, version: int) -> dict[str, int]:
    """Read how many versions later commits have written, by resource type."""
    rows = connection.rows(changes.rows_written_after(version))
    return {row["resource_type"]: row["rows"] for row in rows}


def types_purged_after(connection: Connection, version: int) -> set[str]:
    """Read which types later commits have purged resources of."""
    return {row["resource_type"] for row in connection.rows(changes.types_purged_after(version))}


def require_same_history(connection: Connection, applied: Iterable[Applied]) -> None:
    """Check that the commits which the copies hold are in the commit log, each with its stamp.

    Stamps are never used again, so a commit that is there brings all before it along.

    Args:
        connection: A connection in a transaction.
        applied: What the copies have applied.

    Raises:
        OtherDatabase: One is not.
    """
    held = {(each.version, each.stamp) for each in applied if each.version}
    if not held:
        return
    rows = connection.rows(changes.commits_of(sorted({version for version, _ in held})))
    if held - {(row["version"], row["stamp"]) for row in rows}:
        msg = "the commit log has not the commits that the copies hold"
        raise OtherDatabase(msg)
