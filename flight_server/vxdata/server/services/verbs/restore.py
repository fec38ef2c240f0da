"""Restore: append a version equal to the last live one, with its lineage computed anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.server.services.verbs import checks
from vxdata.server.services.verbs.pending import Pending
from vxdata.sql.write.cascade import Cascade
from vxdata.sql.write.pending import deleted_in, marked
from vxdata.sql.write.preconditions import Precondition

if TYPE_CHECKING:
    from vxdata.schemas.wire import WriteCommand
    from vxdata.server.database.connection import Connection
    from vxdata.server.ingest.staging import Staging
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
        NotPermitted: A resource, or the place that it would come to, must not be written by the sender.
        VersionConflict: A resource has another version than expected.
        ParentNotFound: The parent of a resource is deleted and not restored with it.
    """
    checks.require_preconditions(connection, staging, Precondition.DELETED)
    pending = Pending(connection, staging.registry, staging.granted)
    for payload_type in staging.staged_types:
        rows = staging.copied_rows(payload_type)
        query = marked(payload_type, staging.relation(payload_type), tombstone=False, rows=rows)
        pending.add(payload_type, query, rows)
    if command.cascade:
        pending.follow(Cascade.RESTORE)
    if staging.granted.visible is not None:
        pending.require_parents()  # else what is known of a hidden parent would decide what is told
    # Before any is dropped: what stays deleted on the way still hands its lineage down.
    pending.link()
    if command.cascade:
        roots = [
            row["version"]
            for payload_type in staging.staged_types
            for row in connection.rows(deleted_in(payload_type))
        ]
        pending.drop_unchanged(Cascade.RESTORE, roots)
    pending.require_parents()
    pending.require_granted()
    return pending.write(commit)
