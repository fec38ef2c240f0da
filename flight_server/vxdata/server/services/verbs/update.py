"""Update: state fields anew; a new parent takes the descendants' lineage along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.server.services.verbs import checks
from vxdata.server.services.verbs.pending import Pending
from vxdata.sql.write.cascade import Cascade
from vxdata.sql.write.pending import changed
from vxdata.sql.write.preconditions import Precondition

if TYPE_CHECKING:
    from vxdata.schemas.wire import WriteCommand
    from vxdata.server.database.connection import Connection
    from vxdata.server.ingest.staging import Staging
    from vxdata.sql.instant import Instant


def update(
    connection: Connection,
    staging: Staging,
    command: WriteCommand,  # noqa: ARG001 - one shape for all verbs
    commit: Instant,
) -> dict[str, int]:
    """Update the staged resources.

    Returns:
        Versions written, by resource type; what changes nothing is not written.

    Raises:
        DuplicateIdentifiers: An identifier is staged twice.
        ResourceNotFound: A resource is missing or deleted.
        NotPermitted: A resource, its licence, or the place that it is moved to, must not be written by the
            sender.
        VersionConflict: A resource has another version than expected.
        ParentNotFound: A new parent is not live.
        LineageCycle: A resource would be its own ancestor.
    """
    checks.require_preconditions(connection, staging, Precondition.LIVE)
    checks.require_own_files(connection, staging)
    pending = Pending(connection, staging.registry, staging.granted)
    for payload_type in staging.staged_types:
        rows, sets = staging.copied_rows(payload_type), staging.column_sets[payload_type.prefix]
        query = changed(payload_type, staging.relation(payload_type), sets, rows)
        pending.add(payload_type, query, rows)
    if any("parent_identifier" in names for sets in staging.column_sets.values() for names in sets):
        pending.require_parents()
        pending.follow(Cascade.RELINK)
        pending.link()
        pending.drop_unchanged(Cascade.RELINK)
        pending.require_granted()
    return pending.write(commit)
