"""Delete: append tombstones, to the resources alone or to all below them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.server.services.verbs import checks, pending
from vxdata.sql import versions
from vxdata.sql.versions import Cascade

if TYPE_CHECKING:
    from vxdata.schemas.wire import WriteCommand
    from vxdata.server.database import Connection
    from vxdata.server.staging import Staging
    from vxdata.sql.instant import Instant


def delete(
    connection: Connection, staging: Staging, command: WriteCommand, commit: Instant
) -> dict[str, int]:
    """Delete the staged resources, with ``command.cascade`` all their descendants too.

    Returns:
        Tombstones written, by resource type.

    Raises:
        DuplicateIdentifiers: An identifier is staged twice.
        ResourceNotFound: A resource is missing or deleted already.
        VersionConflict: A resource has another version than expected.
    """
    staged = staging.staged_types
    checks.require_distinct(connection, staged)
    checks.require_live(connection, staged)
    checks.require_versions(connection, staged)
    pended = staging.registry.payload_types if command.cascade else staged
    pending.begin(connection, pended)
    for payload_type in staged:
        connection.execute(versions.pend_staged(payload_type, tombstone=True))
    if command.cascade:
        pending.follow(connection, pended, Cascade.DELETE)
        pending.drop_unchanged(connection, pended, Cascade.DELETE)
    return pending.write(connection, pended, commit)
