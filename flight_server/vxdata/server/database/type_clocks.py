"""The clocks of the types that a read needs: what another engine must have seen to answer it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vxdata.server.database.clock import types_as_sql
from vxdata.sql import commit_clock as clock
from vxdata.sql.dialect.postgres import texts
from vxdata.sql.literals import timestamp
from vxdata.sql.names import render

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from vxdata.server.database.connection import Connection


@dataclass(frozen=True)
class Change:
    """A commit: its number and its stamp. Both together name it, also after a restore."""

    version: int
    stamp: datetime


@dataclass(frozen=True)
class TypeClocks:
    """What PostgreSQL says of the present and of the instant that a read asks for, in one snapshot.

    Args:
        last_version: Number of the last commit.
        version: Number of the last commit at or before the instant.
        as_of: The instant that is read at.
        purge_epoch: Number of purges so far.
        changes: Resource type -> the last commit that touched it; types without one are missing.
        has_all: Whether all commits that were asked for are in the commit log.
    """

    last_version: int
    version: int
    as_of: datetime
    purge_epoch: int
    changes: Mapping[str, Change]
    has_all: bool


def read_type_clocks(
    connection: Connection,
    resource_types: tuple[str, ...],
    as_of: datetime | None,
    commits: Collection[Change] = (),
) -> TypeClocks:
    """Read the clocks in one statement.

    Args:
        connection: Outside a transaction.
        resource_types: The types that a plan reads.
        as_of: A closed instant, or None for the last commit.
        commits: Commits that somebody holds for commits of this database.

    Returns:
        The clocks, and the instant resolved.
    """
    instant = "NULL" if as_of is None else render(timestamp(as_of))
    numbers = texts(str(each.version) for each in commits)
    stamps = texts(each.stamp.isoformat() for each in commits)
    values = [types_as_sql(resource_types), instant, numbers, stamps]
    rows = connection.prepared.table(clock.READ_TYPE_CLOCKS, values).to_pylist()
    now = rows[0]
    changes = {
        row["resource_type"]: Change(row["type_version"], row["type_stamp"])
        for row in rows
        if row["resource_type"] is not None
    }
    is_last = as_of is None or as_of == now["stamp"]
    version = now["version"] if is_last else now["version_then"]
    return TypeClocks(
        now["version"], version, as_of or now["stamp"], now["purge_epoch"], changes, now["has_all"]
    )
