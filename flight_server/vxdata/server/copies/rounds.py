"""Rounds of the copier: each brings copies up to the last commit, in one transaction of either engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vxdata.schemas.catalog.builtin import COMMIT
from vxdata.server.copies.applied import read_applied
from vxdata.server.copies.copying import run, tables_of
from vxdata.server.copies.errors import translated
from vxdata.server.copies.failures import Purged
from vxdata.server.copies.loading import load
from vxdata.server.copies.source import (
    read_changes,
    read_clock,
    require_same_history,
    rows_written_after,
)
from vxdata.server.database.pool import Lane
from vxdata.server.database.type_clocks import Change
from vxdata.sql.copies import apply, changes
from vxdata.sql.copies.apply import Applied

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

    from vxdata.server.copies.copying import Copying
    from vxdata.server.copies.source import Clock
    from vxdata.server.database.connection import Connection

FEW_ROWS: Final = 1000
"""Rows up to which PostgreSQL is asked without COPY, which takes two more round trips."""


def missing_types(copying: Copying, applied: Mapping[str, Applied]) -> list[str]:
    """Return the types without a copy, the smallest first; the commit log before all."""
    missing = [each for each in copying.registry if each.prefix not in applied]
    if missing:
        with copying.database.connection(Lane.COPY) as connection:
            sizes = {row["resource_type"]: row["bytes"] for row in connection.rows(changes.sizes(missing))}
        missing.sort(key=lambda each: sizes[each.prefix])
    log = [] if COMMIT in applied else [COMMIT]
    return [*log, *(each.prefix for each in missing)]


def build(copying: Copying, resource_type: str) -> tuple[Applied, int]:
    """Make the copy of a type that has none.

    Args:
        copying: What to work with.
        resource_type: The type, or `COMMIT`.

    Returns:
        What was applied, and the rows that were read.

    Raises:
        DatabaseError: PostgreSQL failed.
        CopyError: DuckDB failed; nothing is left of the copy.
    """
    with copying.snapshot() as source, copying.cursor() as cursor:
        clock = read_clock(source)
        applied = _applied(resource_type, clock, read_changes(source).get(resource_type))
        with copying.transaction(cursor):
            rows = sum(
                _load(copying, source, cursor, changes.all_rows(table), apply.add(table), is_small=False)
                for table in tables_of(copying.registry, resource_type)
            )
            run(cursor, *apply.mark({resource_type: applied}))
    return applied, rows


def follow(copying: Copying) -> tuple[Clock, dict[str, int]]:
    """Bring every copy that there is up to the last commit.

    Returns:
        That commit, and the rows that were read, by resource type; a type that did not move is missing.

    Raises:
        OtherDatabase: The database has not the commits that the copies hold.
        Purged: Resources were purged since.
        DatabaseError: PostgreSQL failed.
        CopyError: DuckDB failed; the copies are as they were.
    """
    with copying.cursor() as cursor, copying.snapshot() as source:
        with translated():
            applied = read_applied(cursor)
        clock = read_clock(source)
        require_same_history(source, applied.values())
        if any(each.purge_epoch != clock.purge_epoch for each in applied.values()):
            msg = "resources were purged"
            raise Purged(msg)
        behind = {name: each for name, each in applied.items() if each.version < clock.version}
        if not behind:
            return clock, {}
        clocks = read_changes(source)
        moved = {name: each for name, each in behind.items() if _has_moved(name, each, clocks)}
        with copying.transaction(cursor):
            rows = _apply(copying, source, cursor, moved, clock)
            now = {name: _applied(name, clock, clocks.get(name)) for name in behind}
            run(cursor, *apply.mark(now))
    return clock, rows


def _applied(name: str, clock: Clock, changed: Change | None) -> Applied:
    """What the copy of a type has applied after a round."""
    if name == COMMIT and clock.version:
        changed = Change(clock.version, clock.stamp)
    version, stamp = (None, None) if changed is None else (changed.version, changed.stamp)
    return Applied(clock.version, clock.stamp, version, stamp, clock.purge_epoch)


def _has_moved(name: str, applied: Applied, clocks: Mapping[str, Change]) -> bool:
    return name == COMMIT or (name in clocks and clocks[name].version > applied.version)


def _apply(
    copying: Copying,
    source: Connection,
    cursor: duckdb.DuckDBPyConnection,
    moved: Mapping[str, Applied],
    clock: Clock,
) -> dict[str, int]:
    """Add what is new, and remove what that replaces."""
    first = min((each.version for each in moved.values()), default=clock.version)
    expected = {**rows_written_after(source, first), COMMIT: clock.version - first}
    rows = dict.fromkeys(moved, 0)
    for name, each in moved.items():
        is_small = expected.get(name, 0) <= FEW_ROWS
        for table in tables_of(copying.registry, name):
            query = changes.rows_after(table, each.version, each.stamp)
            rows[name] += _load(copying, source, cursor, query, apply.add(table), is_small=is_small)
            if table.is_latest:
                run(cursor, apply.remove_replaced(table, each.version, each.stamp))
    return rows


def _load(
    copying: Copying,
    source: Connection,
    cursor: duckdb.DuckDBPyConnection,
    query: str,
    statement: str,
    *,
    is_small: bool,
) -> int:
    with source.stream(query, is_small=is_small) as batches:
        return load(cursor, batches, statement, copying.check)
