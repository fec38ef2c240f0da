"""Checks of what a request names, each naming everything that fails it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vxdata.schemas.errors import DuplicateIdentifiers, NotDeleted, ResourceNotFound, VersionConflict
from vxdata.sql import writes
from vxdata.sql.versions import presence
from vxdata.sql.versions.tables import analyze, staged_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.payload_type import PayloadType
    from vxdata.server.database import Connection
    from vxdata.server.staging import Staging
    from vxdata.sql.versions.presence import Presence

MANY: Final = 10_000
"""Rows of a temporary table from which on the planner must know them, or it joins them one by one."""


def require_fit(connection: Connection, staging: Staging, needed: Presence) -> None:
    """Refuse a batch that does not fit what is stored.

    Args:
        connection: In the transaction that writes.
        staging: The batch.
        needed: What the verb needs each resource to be.

    Raises:
        DuplicateIdentifiers: A resource is named twice.
        ResourceNotFound: A resource is missing, or deleted where it must be live.
        NotDeleted: A resource is live that must be deleted.
        VersionConflict: A resource has another version than expected.
    """
    staged = staging.staged_types
    for payload_type in staged:
        if staging.counts[payload_type.prefix] >= MANY:
            connection.execute(analyze(staged_table(payload_type)))
    _require_distinct(connection, staged)
    _require_presence(connection, staged, needed)
    _require_versions(connection, staged)


def duplicates(connection: Connection, staged: Sequence[PayloadType]) -> list[str]:
    """Identifiers that a batch names more than once."""
    return [
        row["identifier"]
        for payload_type in staged
        for row in connection.rows(writes.duplicates(payload_type))
    ]


def _require_distinct(connection: Connection, staged: Sequence[PayloadType]) -> None:
    if repeated := duplicates(connection, staged):
        raise DuplicateIdentifiers.from_identifiers(repeated)


def _require_presence(connection: Connection, staged: Sequence[PayloadType], needed: Presence) -> None:
    unfit = [
        row for payload_type in staged for row in connection.rows(presence.not_present(payload_type, needed))
    ]
    if absent := [row["identifier"] for row in unfit if not row["live"]]:
        raise ResourceNotFound.from_identifiers(absent)
    if unfit:
        raise NotDeleted.from_identifiers([row["identifier"] for row in unfit])


def _require_versions(connection: Connection, staged: Sequence[PayloadType]) -> None:
    conflicts = [
        row for payload_type in staged for row in connection.rows(presence.version_conflicts(payload_type))
    ]
    if conflicts:
        raise VersionConflict.from_conflicts(conflicts)
