"""Pending versions: follow the cascade, compute lineage, write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.errors import LineageCycle
from vxdata.server.services.verbs.checks import parent_prefixes
from vxdata.sql import versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vxdata.schemas.payload_type import PayloadType
    from vxdata.server.database import Connection
    from vxdata.sql.instant import Instant
    from vxdata.sql.versions import Cascade


def begin(connection: Connection, payload_types: Iterable[PayloadType]) -> None:
    """Make the pending tables."""
    for payload_type in payload_types:
        connection.execute(versions.create_pending(payload_type))


def follow(connection: Connection, payload_types: Sequence[PayloadType], cascade: Cascade) -> None:
    """Pend all descendants of what is pending, level by level."""
    prefixes = [payload_type.prefix for payload_type in payload_types]
    while True:
        found = [
            connection.execute(versions.pend_children(payload_type, prefixes, cascade))
            for payload_type in payload_types
        ]
        if not any(found):
            return


def link(connection: Connection, payload_types: Sequence[PayloadType]) -> None:
    """Compute the lineage of pending versions, parents before children.

    Raises:
        LineageCycle: Some have no end to their ancestors.
    """
    pended = frozenset(payload_type.prefix for payload_type in payload_types)
    parents = {payload_type: parent_prefixes(connection, payload_type) for payload_type in payload_types}
    for payload_type in payload_types:
        connection.execute(versions.link_roots(payload_type))
    while True:
        linked = [
            connection.execute(versions.link(payload_type, names, pended))
            for payload_type, names in parents.items()
            if names
        ]
        if not any(linked):
            break
    circular = [
        row["identifier"]
        for payload_type in payload_types
        for row in connection.rows(versions.not_linked(payload_type))
    ]
    if circular:
        raise LineageCycle.from_identifiers(circular)


def drop_unchanged(
    connection: Connection, payload_types: Iterable[PayloadType], cascade: Cascade, roots: Iterable[int] = ()
) -> None:
    """Take out what was pended on the way but needs no new version."""
    roots = list(roots)
    for payload_type in payload_types:
        connection.execute(versions.drop_unchanged(payload_type, cascade, roots))


def write(connection: Connection, payload_types: Iterable[PayloadType], commit: Instant) -> dict[str, int]:
    """Move present versions to history, and put the pending ones in their place.

    Returns:
        Versions written, by resource type.
    """
    counts = {}
    for payload_type in payload_types:
        connection.execute(versions.supersede(payload_type, commit))
        counts[payload_type.prefix] = connection.execute(versions.publish(payload_type, commit))
    return counts
