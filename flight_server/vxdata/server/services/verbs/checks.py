"""Checks of what a request names, each naming everything that fails it."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from vxdata.schemas.errors import (
    DuplicateIdentifiers,
    NotDeleted,
    NotPermitted,
    ResourceNotFound,
    VersionConflict,
)
from vxdata.sql.write import preconditions as presence
from vxdata.sql.write.blob_columns import foreign

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vxdata.server.database.connection import Connection
    from vxdata.server.ingest.staging import Staging
    from vxdata.sql.write.preconditions import Precondition


def require_preconditions(connection: Connection, staging: Staging, needed: Precondition) -> None:
    """Refuse a batch that does not fit what is stored.

    Args:
        connection: In the transaction that writes.
        staging: The batch.
        needed: What the verb needs each resource to be.

    Raises:
        DuplicateIdentifiers: A resource is named twice.
        ResourceNotFound: A resource is missing, or deleted where it must be live.
        NotDeleted: A resource is live that must be deleted.
        NotPermitted: A resource, or the licence that it is given, must not be written by the sender.
        VersionConflict: A resource has another version than expected.
    """
    queries = (
        presence.failed_preconditions(
            payload_type,
            staging.relation(payload_type),
            needed,
            staging.copied_rows(payload_type),
            staging.granted,
        )
        for payload_type in staging.staged_types
    )
    rows = connection.rows(" UNION ALL ".join(queries))
    _refuse(sorted(rows, key=itemgetter("identifier")))


def require_own_files(connection: Connection, staging: Staging) -> None:
    """Refuse a batch that names blobs which its sender may not know of; who names a blob can read it.

    Args:
        connection: In the transaction that writes.
        staging: The batch.

    Raises:
        NotPermitted: Resources name such blobs.
    """
    granted = staging.granted
    if granted.visible is None and granted.types is None:
        return
    seen = [payload_type for payload_type in staging.registry if granted.shows(payload_type.prefix)]
    queries = (
        foreign(payload_type, staging.relation(payload_type), staging.buckets, seen, granted)
        for payload_type in staging.staged_types
    )
    if named := [row["identifier"] for query in queries for row in connection.rows(query)]:
        raise NotPermitted.to_name_files(named)


def _refuse(rows: Sequence[Mapping[str, Any]]) -> None:
    """Raise what is wrong first: what is named twice, what is not there, what has another version."""
    if repeated := [row["identifier"] for row in rows if row["repeated"]]:
        raise DuplicateIdentifiers.from_identifiers(repeated)
    failed_preconditions = [row for row in rows if row["absent"]]
    if absent := [row["identifier"] for row in failed_preconditions if not row["live"]]:
        raise ResourceNotFound.from_identifiers(absent)
    if failed_preconditions:
        raise NotDeleted.from_identifiers([row["identifier"] for row in failed_preconditions])
    if denied := [row["identifier"] for row in rows if row["denied"]]:
        raise NotPermitted.to_write(denied)
    if rows:
        raise VersionConflict.from_conflicts(
            [{name: row[name] for name in ("identifier", "expected", "found")} for row in rows]
        )
