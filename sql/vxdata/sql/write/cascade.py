"""Cascades: the descendants of pending resources, which a verb changes too."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from vxdata.sql.names import TOMBSTONE, text
from vxdata.sql.write.create import LINEAGE
from vxdata.sql.write.descent import BELOW
from vxdata.sql.write.lookup import stored_row
from vxdata.sql.write.pending import MARKS
from vxdata.sql.write.tables import columns_of, content, flag, latest_table, listed, pending_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vxdata.schemas.payload_type import PayloadType


class Cascade(Enum):
    """Why a verb goes on to the descendants of the resources that it changes."""

    DELETE = "delete"
    RESTORE = "restore"
    RELINK = "relink"


def child_types(payload_types: Iterable[PayloadType], parents: Iterable[str]) -> str:
    """Find which types have resources below resources of some types: one look into an index for each pair.

    `min` instead of `EXISTS`, since that always takes the index.

    Args:
        payload_types: All types.
        parents: Prefixes of the types above, at least one.

    Returns:
        A query for the pairs of prefixes, `child` and `parent`.
    """
    return " UNION ALL ".join(
        f"SELECT {text(payload_type.prefix)} AS child, {text(parent)} AS parent "
        f"WHERE (SELECT min(parent_identifier) FROM {latest_table(payload_type)} "
        f"WHERE parent_identifier LIKE {text(f'{parent}/%')}) IS NOT NULL"
        for payload_type in payload_types
        for parent in parents
    )


def pend_below(payload_type: PayloadType, cascade: Cascade, rows: int) -> str:
    """Add the descendants that were found to a pending table, deleted ones included.

    Deleted resources are passed through, since live ones may hang below them; `drop_unchanged` takes
    those out again that the verb has no version to write for.

    Args:
        payload_type: Type of the resources.
        cascade: Why.
        rows: How many resources of the type were found.

    Returns:
        One INSERT that affects as many rows as are newly pending or newly marked.
    """
    columns = columns_of(payload_type)
    tombstone = {Cascade.DELETE: "true", Cascade.RESTORE: "false", Cascade.RELINK: f"r.{TOMBSTONE}"}[cascade]
    on_conflict = (
        "NOTHING" if cascade is Cascade.DELETE else "UPDATE SET relink = true WHERE NOT target.relink"
    )
    return (
        f"INSERT INTO {pending_table(payload_type)} AS target ({listed(columns)}, {MARKS}) "
        f"SELECT {content(columns, tombstone)}, false, {relinks(cascade)}, true FROM {BELOW} AS b"
        f"{stored_row(latest_table(payload_type), 'b.identifier', rows)} "
        f"WHERE starts_with(b.identifier, {text(f'{payload_type.prefix}/')}) "
        f"ON CONFLICT (identifier) DO {on_conflict}"
    )


def drop_unchanged(payload_type: PayloadType, cascade: Cascade, roots: Iterable[int] = ()) -> str:
    """Remove the rows of a cascade that need no new version.

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
        f"DELETE FROM {pending_table(payload_type)} AS p WHERE p.cascaded AND "
        f"(SELECT {needless} FROM {latest_table(payload_type)} AS r WHERE r.identifier = p.identifier)"
    )


def relinks(cascade: Cascade) -> str:
    """Whether what a verb pends needs its lineage computed, as a literal."""
    return flag(cascade is not Cascade.DELETE)
