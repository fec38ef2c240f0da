"""Restore: append a version equal to the last live one, with its lineage computed anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.errors import NotDeleted, ResourceNotFound
from vxdata.server.services.verbs import checks, pending
from vxdata.sql import versions
from vxdata.sql.versions import Cascade

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.payload_type import PayloadType
    from vxdata.schemas.wire import WriteCommand
    from vxdata.server.database import Connection
    from vxdata.server.staging import Staging
    from vxdata.sql.instant import Instant


def restore(
    connection: Connection, staging: Staging, command: WriteCommand, commit: Instant
) -> dict[str, int]:
    """Restore the staged resources, with ``command.cascade`` what was deleted below them in the same commit.

    Returns:
        Versions written, by resource type.

    Raises:
        DuplicateIdentifiers: An identifier is staged twice.
        ResourceNotFound: A resource never existed.
        NotDeleted: A resource is live.
        VersionConflict: A resource has another version than expected.
        ParentNotFound: The parent of a resource is deleted and not restored with it.
    """
    staged = staging.staged_types
    checks.require_distinct(connection, staged)
    _require_deleted(connection, staged)
    checks.require_versions(connection, staged)
    pended = staging.registry.payload_types if command.cascade else staged
    pending.begin(connection, pended)
    for payload_type in staged:
        connection.execute(versions.pend_staged(payload_type, tombstone=False))
    if command.cascade:
        roots = [
            row["version"]
            for payload_type in pended
            for row in connection.rows(versions.deleted_in(payload_type))
        ]
        pending.follow(connection, pended, Cascade.RESTORE)
    # Before any is dropped: what stays deleted on the way still hands its lineage down.
    pending.link(connection, pended)
    if command.cascade:
        pending.drop_unchanged(connection, pended, Cascade.RESTORE, roots)
    checks.require_parents(connection, pended, linked=True)
    return pending.write(connection, pended, commit)


def _require_deleted(connection: Connection, staged: Sequence[PayloadType]) -> None:
    rows = [row for payload_type in staged for row in connection.rows(versions.not_deleted(payload_type))]
    missing = [row["identifier"] for row in rows if not row["live"]]
    if missing:
        raise ResourceNotFound.from_identifiers(missing)
    if rows:
        raise NotDeleted.from_identifiers([row["identifier"] for row in rows])
