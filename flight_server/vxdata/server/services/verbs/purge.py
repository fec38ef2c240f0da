"""Purge: remove every version of resources and of all below them, for good.

The one verb that makes a past instant read differently. It is off unless the operator allows it, it
leaves a line in the commit log that names no resource, and it moves the epoch that kept answers depend on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.server.services.verbs import checks, pending
from vxdata.sql import clock, versions
from vxdata.sql.versions import Cascade

if TYPE_CHECKING:
    from vxdata.schemas.wire import WriteCommand
    from vxdata.server.database import Connection
    from vxdata.server.staging import Staging
    from vxdata.sql.instant import Instant


def purge(
    connection: Connection,
    staging: Staging,
    command: WriteCommand,  # noqa: ARG001 - one shape for all verbs
    commit: Instant,  # noqa: ARG001 - one shape for all verbs
) -> dict[str, int]:
    """Remove the staged resources, live or deleted, and all their descendants.

    Returns:
        Versions removed, by resource type.

    Raises:
        DuplicateIdentifiers: An identifier is staged twice.
        ResourceNotFound: A resource never existed.
    """
    staged = staging.staged_types
    checks.require_distinct(connection, staged)
    checks.require_existing(connection, staged)
    pended = staging.registry.payload_types
    pending.begin(connection, pended)
    for payload_type in staged:
        connection.execute(versions.pend_staged(payload_type, tombstone=True))
    pending.follow(connection, pended, Cascade.DELETE)
    connection.execute(clock.BUMP_EPOCH)
    for payload_type in pended:
        connection.execute(versions.forget(payload_type))
    return {
        payload_type.prefix: sum(connection.execute(statement) for statement in versions.remove(payload_type))
        for payload_type in pended
    }
