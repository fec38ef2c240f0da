"""Purge: remove every version of resources and of all below them, for good.

The one verb that makes a past instant read differently. It is off unless the operator allows it, it
leaves a line in the commit log that names no resource, and it moves the epoch that cached results depend on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.errors import NotPermitted
from vxdata.server.services.verbs import checks
from vxdata.server.services.verbs.pending import Pending
from vxdata.sql import commit_clock as clock
from vxdata.sql.write.cascade import Cascade
from vxdata.sql.write.granted import EVERYTHING
from vxdata.sql.write.pending import marked
from vxdata.sql.write.preconditions import Precondition
from vxdata.sql.write.removal import forget, remove

if TYPE_CHECKING:
    from vxdata.schemas.wire import WriteCommand
    from vxdata.server.database.connection import Connection
    from vxdata.server.ingest.staging import Staging
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
        NotPermitted: Some resources are hidden from the sender, who cannot mean them.
        DuplicateIdentifiers: An identifier is staged twice.
        ResourceNotFound: A resource never existed.
        VersionConflict: A resource has another version than expected.
    """
    if staging.granted != EVERYTHING:
        raise NotPermitted("A purge removes all that hangs below: it needs grants without limits.")
    checks.require_preconditions(connection, staging, Precondition.KNOWN)
    pending = Pending(connection, staging.registry)
    for payload_type in staging.staged_types:
        rows = staging.copied_rows(payload_type)
        query = marked(payload_type, staging.relation(payload_type), tombstone=True, rows=rows)
        pending.add(payload_type, query, rows)
    pending.follow(Cascade.DELETE)
    connection.execute(clock.BUMP_EPOCH)
    for payload_type in pending.types:
        connection.execute(*forget(payload_type))
    return {
        payload_type.prefix: sum(connection.execute(statement) for statement in remove(payload_type))
        for payload_type in pending.types
    }
