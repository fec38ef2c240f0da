"""Create: insert new resources, level by level, each with its lineage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vxdata.schemas.errors import (
    DuplicateIdentifiers,
    LineageCycle,
    ParentNotFound,
    ResourceAlreadyExists,
)
from vxdata.server.database.errors import UniqueViolation
from vxdata.sql.write import create as writes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.payload_type import PayloadType
    from vxdata.schemas.wire import WriteCommand
    from vxdata.server.database.connection import Connection
    from vxdata.server.ingest.lineage import CreatedLineage
    from vxdata.server.ingest.staging import Staging
    from vxdata.sql.instant import Instant


def create(
    connection: Connection,
    staging: Staging,
    command: WriteCommand,  # noqa: ARG001 - one shape for all verbs
    commit: Instant,
) -> dict[str, int]:
    """Insert the staged resources; explain by name what the unique index or a missing parent refuses.

    Returns:
        Resources created, by type.

    Raises:
        DuplicateIdentifiers: An identifier is staged twice.
        ResourceAlreadyExists: An identifier exists, live or deleted.
        ParentNotFound: A parent is neither live nor staged.
        LineageCycle: Staged resources would be their own ancestors.
    """
    try:
        with connection.savepoint():
            missing = _insert_levels(connection, staging, commit)
    except UniqueViolation as error:
        raise _explain_conflict(connection, staging) from error
    if missing:
        raise _explain_left_over(connection, staging, missing, commit)
    return staging.counts


def _insert_levels(connection: Connection, staging: Staging, commit: Instant) -> list[PayloadType]:
    """Insert the rows whose parent is live, level by level, until a pass inserts none.

    One pass is enough if each type comes after the types of its parents, as the built-in ones do, and no
    resource's parent is of its own type.

    Returns:
        The types with rows that could not be inserted.
    """
    waiting = {payload_type: staging.counts[payload_type.prefix] for payload_type in staging.staged_types}
    again = False
    lineage = staging.lineage and staging.lineage.begin(staging.received)
    while waiting:
        inserted = 0
        for payload_type in list(waiting):
            statement = writes.insert_staged(
                payload_type,
                staging.relation(payload_type),
                staging.parents.get(payload_type.prefix, set()),
                commit,
                rows=staging.copied_rows(payload_type),
                again=again,
                returning=lineage is not None,
            )
            count = _insert(connection, statement, lineage)
            waiting[payload_type] -= count
            inserted += count
            if not waiting[payload_type]:
                del waiting[payload_type]
        if not inserted:
            break
        again = True
    return list(waiting)


def _insert(connection: Connection, statement: str, lineage: CreatedLineage | None) -> int:
    """Run an INSERT and return the number of rows; keep the returned rows if a receipt is wanted."""
    if lineage is None:
        return connection.execute(statement)
    inserted = connection.table(statement)
    lineage.add(inserted)
    return int(inserted.num_rows)


def _explain_conflict(
    connection: Connection, staging: Staging
) -> DuplicateIdentifiers | ResourceAlreadyExists:
    """Name the identifiers that the unique index refused."""
    staged = staging.staged_types
    if repeated := _duplicates(connection, staging, staged):
        return DuplicateIdentifiers.from_identifiers(repeated)
    return _already_there(_existing(connection, staging, staged))


def _existing(
    connection: Connection, staging: Staging, staged: Sequence[PayloadType]
) -> list[dict[str, Any]]:
    return [
        row
        for payload_type in staged
        for row in connection.rows(writes.existing(payload_type, staging.relation(payload_type)))
    ]


def _already_there(rows: Sequence[dict[str, Any]]) -> ResourceAlreadyExists:
    return ResourceAlreadyExists.from_identifiers(
        live=[row["identifier"] for row in rows if not row["tombstone"]],
        deleted=[row["identifier"] for row in rows if row["tombstone"]],
    )


def _explain_left_over(
    connection: Connection, staging: Staging, missing: Sequence[PayloadType], commit: Instant
) -> DuplicateIdentifiers | ParentNotFound | ResourceAlreadyExists | LineageCycle:
    """Name what is given twice (with another parent), the parents that are missing, or else the cycle.

    A cycle through something that is there already is none: it has another parent, and cannot be created.
    """
    if repeated := _duplicates(connection, staging, missing):
        return DuplicateIdentifiers.from_identifiers(repeated)
    rows = [
        row
        for payload_type in missing
        for row in connection.rows(writes.left_over(payload_type, staging.relation(payload_type), commit))
    ]
    waiting = {row["identifier"] for row in rows}
    orphans = [row for row in rows if row["parent_identifier"] not in waiting]
    if orphans:
        return ParentNotFound.from_identifiers(
            sorted({row["parent_identifier"] for row in orphans}), [row["identifier"] for row in orphans]
        )
    # What stands in the tables by now may also have been inserted a moment ago.
    if found := [row for row in _existing(connection, staging, missing) if row["identifier"] in waiting]:
        return _already_there(found)
    return LineageCycle.from_identifiers(sorted(waiting))


def _duplicates(connection: Connection, staging: Staging, staged: Sequence[PayloadType]) -> list[str]:
    """Identifiers that a batch names more than once."""
    return [
        row["identifier"]
        for payload_type in staged
        for row in connection.rows(writes.duplicates(staging.relation(payload_type)))
    ]
