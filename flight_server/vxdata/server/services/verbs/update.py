"""Update: state fields anew; a new parent takes the descendants' lineage along."""

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
        VersionConflict: A resource has another version than expected.
        ParentNotFound: A new parent is not live.
        LineageCycle: A resource would be its own ancestor.
    """
    staged = staging.staged_types
    checks.require_distinct(connection, staged)
    checks.require_live(connection, staged)
    checks.require_versions(connection, staged)
    moves = any("parent_identifier" in names for sets in staging.column_sets.values() for names in sets)
    pended = staging.registry.payload_types if moves else staged
    pending.begin(connection, pended)
    for payload_type in staged:
        for number, names in enumerate(staging.column_sets[payload_type.prefix]):
            connection.execute(versions.pend_update(payload_type, number, names))
    if moves:
        checks.require_parents(connection, pended)
        pending.follow(connection, pended, Cascade.RELINK)
        pending.link(connection, pended)
        pending.drop_unchanged(connection, pended, Cascade.RELINK)
    return pending.write(connection, pended, commit)
