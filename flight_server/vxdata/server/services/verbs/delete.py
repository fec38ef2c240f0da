"""Delete: append tombstones, to the resources alone or to all below them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.server.services.verbs import checks
from vxdata.server.services.verbs.pending import Pending
from vxdata.sql.write.cascade import Cascade
from vxdata.sql.write.pending import marked
from vxdata.sql.write.preconditions import Precondition

if TYPE_CHECKING:
    from vxdata.schemas.wire import WriteCommand
    from vxdata.server.database.connection import Connection
    from vxdata.server.ingest.staging import Staging
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
        NotPermitted: A resource must not be written by the sender.
        VersionConflict: A resource has another version than expected.
    """
    checks.require_preconditions(connection, staging, Precondition.LIVE)
    pending = Pending(connection, staging.registry, staging.granted)
    for payload_type in staging.staged_types:
        rows = staging.copied_rows(payload_type)
        query = marked(payload_type, staging.relation(payload_type), tombstone=True, rows=rows)
        pending.add(payload_type, query, rows)
    if command.cascade:
        pending.follow(Cascade.DELETE)
        pending.drop_unchanged(Cascade.DELETE)
        pending.require_granted()
    return pending.write(commit)
