"""The parents of pending versions, which must be live, and the lineage that follows from them."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from vxdata.schemas.payload_type import LINEAGE_PREFIXES
from vxdata.sql.names import TOMBSTONE, pending, text, written
from vxdata.sql.write.create import LINEAGE
from vxdata.sql.write.descent import LINKED, known_lineage
from vxdata.sql.write.granted import EVERYTHING
from vxdata.sql.write.tables import pending_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vxdata.schemas.payload_type import PayloadType
    from vxdata.sql.write.granted import Granted


class MarkColumn(Enum):
    """Columns that mark pending versions whose parents matter."""

    PLACED = "placed"
    RELINK = "relink"


def parent_types(payload_types: Iterable[PayloadType], marked: MarkColumn) -> str:
    """Count the marked pending versions by their type and their parent's; null stands for no parent."""
    return " UNION ALL ".join(
        f"SELECT {text(payload_type.prefix)} AS prefix, split_part(parent_identifier, '/', 1) AS parent, "
        f"count(*) AS rows FROM {pending_table(payload_type)} WHERE {marked.value} GROUP BY 2"
        for payload_type in payload_types
    )


def missing_parents(
    payload_type: PayloadType,
    parents: Iterable[str],
    pended: frozenset[str],
    granted: Granted = EVERYTHING,
) -> str:
    """Pending versions that were placed below what is neither live nor pending to be.

    Args:
        payload_type: The type.
        parents: Prefixes of the parents, at least one.
        pended: Prefixes of the types that have a pending table.
        granted: What the sender sees; a parent that is hidden is not there.

    Returns:
        A query for identifiers with their parents.
    """
    is_live = " OR ".join(
        f"(SELECT NOT q.{TOMBSTONE} FROM {table} AS q WHERE q.identifier = p.parent_identifier) IS TRUE"
        for prefix in parents
        for table in [granted.table(prefix), *([written(pending, prefix)] if prefix in pended else [])]
    )
    return (
        f"SELECT p.identifier, p.parent_identifier FROM {pending_table(payload_type)} AS p "
        f"WHERE p.placed AND p.parent_identifier IS NOT NULL AND NOT ({is_live}) ORDER BY 1"
    )


def link_roots(payload_type: PayloadType) -> str:
    """Compute the lineage of pending versions without a parent: themselves alone."""
    return (
        f"UPDATE {pending_table(payload_type)} AS p SET relink = false, {_lineage(payload_type, None)} "
        "WHERE p.relink AND p.parent_identifier IS NULL"
    )


def link(payload_type: PayloadType, parents: Iterable[str], pended: frozenset[str]) -> str:
    """Compute the lineage of pending versions whose parent's lineage is known.

    Args:
        payload_type: The type.
        parents: Prefixes of the parents, at least one.
        pended: Prefixes of the types that have a pending table.

    Returns:
        One UPDATE; it affects as many rows as it could compute.
    """
    table = pending_table(payload_type)
    named = f"SELECT DISTINCT parent_identifier FROM {table} WHERE relink AND parent_identifier IS NOT NULL"
    found = f"({named}) AS n CROSS JOIN {known_lineage(parents, pended, 'n.parent_identifier')} AS k"
    return (
        f"UPDATE {table} AS p SET relink = false, {_lineage(payload_type, 'a')} "
        f"FROM (SELECT n.parent_identifier AS identifier, k.* FROM {found}) AS a "
        "WHERE p.relink AND a.identifier = p.parent_identifier"
    )


def take_linked(payload_type: PayloadType) -> str:
    """Take over the lineage of pending versions that was computed apart."""
    inherited = ", ".join(f"{name} = l.{name}" for name in LINEAGE)
    return (
        f"UPDATE {pending_table(payload_type)} AS p SET relink = false, {inherited} "
        f"FROM {LINKED} AS l WHERE l.identifier = p.identifier"
    )


def not_linked(payload_type: PayloadType, granted: Granted = EVERYTHING) -> str:
    """Pending versions that are seen, and whose lineage could not be computed: they hang in a cycle."""
    seen = f"SELECT FROM {granted.table(payload_type.prefix)} AS r WHERE r.identifier = p.identifier"
    return (
        f"SELECT p.identifier FROM {pending_table(payload_type)} AS p "
        f"WHERE p.relink AND EXISTS ({seen}) ORDER BY 1"
    )


def _lineage(payload_type: PayloadType, parent: str | None) -> str:
    """Assignments of the nearest ancestors: the resource itself, or what its parent has, or nothing."""
    inherited = {name: "NULL" if parent is None else f"{parent}.{name}" for name in LINEAGE}
    return ", ".join(
        f"{name} = {'p.identifier' if prefix == payload_type.prefix else inherited[name]}"
        for name, prefix in LINEAGE_PREFIXES.items()
    )
