"""Checks that several verbs share, each naming everything that fails it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.errors import DuplicateIdentifiers, ParentNotFound, ResourceNotFound, VersionConflict
from vxdata.sql import versions, writes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vxdata.schemas.payload_type import PayloadType
    from vxdata.server.database import Connection


def require_distinct(connection: Connection, staged: Sequence[PayloadType]) -> None:
    """Refuse a batch that names a resource twice.

    Raises:
        DuplicateIdentifiers: It does.
    """
    if repeated := duplicates(connection, staged):
        raise DuplicateIdentifiers.from_identifiers(repeated)


def duplicates(connection: Connection, staged: Sequence[PayloadType]) -> list[str]:
    """Identifiers that a batch names more than once."""
    return _identifiers(connection, staged, writes.duplicates)


def require_live(connection: Connection, staged: Sequence[PayloadType]) -> None:
    """Refuse a batch that names what is missing or deleted.

    Raises:
        ResourceNotFound: It does.
    """
    absent = _identifiers(connection, staged, versions.not_live)
    if absent:
        raise ResourceNotFound.from_identifiers(absent)


def require_existing(connection: Connection, staged: Sequence[PayloadType]) -> None:
    """Refuse a batch that names what never existed.

    Raises:
        ResourceNotFound: It does.
    """
    missing = _identifiers(connection, staged, versions.never_existed)
    if missing:
        raise ResourceNotFound.from_identifiers(missing)


def require_versions(connection: Connection, staged: Sequence[PayloadType]) -> None:
    """Refuse a batch that expects other versions than there are.

    Raises:
        VersionConflict: It does.
    """
    conflicts = [
        row for payload_type in staged for row in connection.rows(versions.version_conflicts(payload_type))
    ]
    if conflicts:
        raise VersionConflict.from_conflicts(conflicts)


def require_parents(connection: Connection, pended: Sequence[PayloadType], *, linked: bool = False) -> None:
    """Refuse pending versions whose parent is neither live nor about to be.

    Args:
        connection: In the transaction that writes.
        pended: Types that have a pending table.
        linked: Whether to ask of those whose lineage is computed, not of those that wait for it.

    Raises:
        ParentNotFound: There are such.
    """
    prefixes = frozenset(payload_type.prefix for payload_type in pended)
    orphans = []
    for payload_type in pended:
        parents = parent_prefixes(connection, payload_type, linked=linked)
        orphans += connection.rows(versions.missing_parents(payload_type, parents, prefixes, linked=linked))
    if orphans:
        raise ParentNotFound.from_identifiers(
            sorted({row["parent_identifier"] for row in orphans}), [row["identifier"] for row in orphans]
        )


def _identifiers(
    connection: Connection, staged: Sequence[PayloadType], query: Callable[[PayloadType], str]
) -> list[str]:
    """Collect what a query finds in each type."""
    return [row["identifier"] for payload_type in staged for row in connection.rows(query(payload_type))]


def parent_prefixes(connection: Connection, payload_type: PayloadType, *, linked: bool = False) -> list[str]:
    """Types of the parents of the pending versions whose lineage is computed, or is not."""
    rows = connection.rows(versions.pending_parent_types(payload_type, linked=linked))
    return sorted(row["prefix"] for row in rows if row["prefix"])
