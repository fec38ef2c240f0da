"""Cascades: what follows below what is pending, one level of children at a time."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from vxdata.sql.names import TOMBSTONE, text
from vxdata.sql.write.create import LINEAGE
from vxdata.sql.write.pending import MARKS
from vxdata.sql.write.tables import columns_of, content, flag, latest_table, listed, pending_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vxdata.schemas.payload_type import PayloadType


class Cascade(Enum):
    """Why a verb follows the children of what it pends."""

    DELETE = "delete"
    RESTORE = "restore"
    RELINK = "relink"


def child_types(
    payload_types: Iterable[PayloadType], above: Iterable[PayloadType], level: int, cascade: Cascade
) -> str:
    """Find the types that have children of a level's pending rows; no other type needs a pending table.

    Args:
        payload_types: All types.
        above: Types that the level pended rows of, at least one.
        level: The level.
        cascade: Why.

    Returns:
        A query for their prefixes.
    """
    above = tuple(above)
    having = " UNION ALL ".join(
        f"SELECT {text(payload_type.prefix)} AS prefix WHERE ({_ever_below(payload_type, above)}) "
        f"AND EXISTS (SELECT FROM above AS a JOIN {latest_table(payload_type)} AS r "
        "ON r.parent_identifier = a.identifier)"
        for payload_type in payload_types
    )
    return f"WITH above AS MATERIALIZED ({_pended_at(above, level, cascade)}) {having}"


def pend_children(
    payload_type: PayloadType, above: Iterable[PayloadType], level: int, cascade: Cascade
) -> str:
    """Pend the children of what a level pended, deleted ones included.

    Deleted resources are passed through, since live ones may hang below them; `drop_unchanged` takes
    those out again that the verb has no version to write for.

    Args:
        payload_type: Type of the children.
        above: Types that the level pended rows of, at least one.
        level: The level above the children.
        cascade: Why.

    Returns:
        One INSERT that affects as many rows as are newly pending or newly marked.
    """
    columns = columns_of(payload_type)
    tombstone = {Cascade.DELETE: "true", Cascade.RESTORE: "false", Cascade.RELINK: f"r.{TOMBSTONE}"}[cascade]
    on_conflict = (
        "NOTHING"
        if cascade is Cascade.DELETE
        else f"UPDATE SET relink = true, level = {level + 1} WHERE NOT target.relink"
    )
    return (
        f"INSERT INTO {pending_table(payload_type)} AS target ({listed(columns)}, {MARKS}) "
        f"SELECT {content(columns, tombstone)}, false, {_relinks(cascade)}, true, {level + 1} "
        f"FROM ({_pended_at(above, level, cascade)}) AS a "
        f"JOIN {latest_table(payload_type)} AS r ON r.parent_identifier = a.identifier "
        f"ON CONFLICT (identifier) DO {on_conflict}"
    )


def drop_unchanged(payload_type: PayloadType, cascade: Cascade, roots: Iterable[int] = ()) -> str:
    """Take out cascaded rows that need no new version.

    Args:
        payload_type: The type.
        cascade: Why they were pended.
        roots: Commits whose deletions a restore undoes.

    Returns:
        One DELETE.
    """
    same_lineage = " AND ".join(f"p.{name} IS NOT DISTINCT FROM r.{name}" for name in LINEAGE)
    needless = {
        Cascade.DELETE: f"r.{TOMBSTONE}",
        Cascade.RELINK: f"(r.{TOMBSTONE} OR ({same_lineage}))",
        Cascade.RESTORE: f"NOT (r.{TOMBSTONE} AND r.version = ANY ('{{{', '.join(map(str, roots))}}}'))",
    }[cascade]
    return (
        f"DELETE FROM {pending_table(payload_type)} AS p USING {latest_table(payload_type)} AS r "
        f"WHERE p.identifier = r.identifier AND p.cascaded AND {needless}"
    )


def _ever_below(payload_type: PayloadType, above: Iterable[PayloadType]) -> str:
    """Whether a type has any row below any of some types: one look into an index, however much is pending.

    `min` instead of `EXISTS`, since that always takes the index.
    """
    return " OR ".join(
        f"(SELECT min(parent_identifier) FROM {latest_table(payload_type)} "
        f"WHERE parent_identifier LIKE {text(f'{parent.prefix}/%')}) IS NOT NULL"
        for parent in above
    )


def _pended_at(above: Iterable[PayloadType], level: int, cascade: Cascade) -> str:
    """Write a query for a level's pending rows; for lineage, only rows that need it computed."""
    return " UNION ALL ".join(
        f"SELECT identifier FROM {pending_table(payload_type)} "
        f"WHERE level = {level} AND relink = {_relinks(cascade)}"
        for payload_type in above
    )


def _relinks(cascade: Cascade) -> str:
    return flag(cascade is not Cascade.DELETE)
