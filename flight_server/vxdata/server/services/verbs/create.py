"""Create: insert new resources, level by level, each with its lineage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.schemas.errors import (
    DuplicateIdentifiers,
    LineageCycle,
    ParentNotFound,
    ResourceAlreadyExists,
)
from vxdata.server.database_errors import UniqueViolation
from vxdata.server.services.verbs import checks
from vxdata.sql import writes

if TYPE_CHECKING:
    from vxdata.schemas.payload_type import PayloadType
    from vxdata.schemas.wire import WriteCommand
    from vxdata.server.database import Connection
    from vxdata.server.staging import Staging
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
    staged = staging.staged_types
    parents = {payload_type: _parent_prefixes(connection, payload_type) for payload_type in staged}
    try:
        with connection.savepoint():
            missing = _insert_levels(connection, parents, commit)
    except UniqueViolation as error:
        raise _explain_conflict(connection, staged) from error
    if missing:
        raise _explain_left_over(connection, missing, commit)
    return staging.counts


def _parent_prefixes(connection: Connection, payload_type: PayloadType) -> dict[str | None, int]:
    return {row["prefix"]: row["rows"] for row in connection.rows(writes.staged_parent_types(payload_type))}


def _insert_levels(
    connection: Connection, parents: dict[PayloadType, dict[str | None, int]], commit: Instant
) -> list[PayloadType]:
    """Insert what has a live parent, again and again while that makes more parents live.

    One pass is enough where types stand in the order parent before child, as the built-in ones do,
    and no resource's parent is of its own type.

    Returns:
        The types of which rows are left over.
    """
    waiting = {payload_type: sum(rows.values()) for payload_type, rows in parents.items()}
    again = False
    while waiting:
        inserted = 0
        for payload_type in list(waiting):
            prefixes = [prefix for prefix in parents[payload_type] if prefix is not None]
            count = connection.execute(writes.insert_staged(payload_type, prefixes, commit, again=again))
            waiting[payload_type] -= count
            inserted += count
            if not waiting[payload_type]:
                del waiting[payload_type]
        if not inserted:
            break
        again = True
    return list(waiting)


def _explain_conflict(
    connection: Connection, staged: tuple[PayloadType, ...]
) -> DuplicateIdentifiers | ResourceAlreadyExists:
    """Name the identifiers that the unique index refused."""
    if repeated := checks.duplicates(connection, staged):
        return DuplicateIdentifiers.from_identifiers(repeated)
    found = [row for payload_type in staged for row in connection.rows(writes.existing(payload_type))]
    return ResourceAlreadyExists.from_identifiers(
        live=[row["identifier"] for row in found if not row["tombstone"]],
        deleted=[row["identifier"] for row in found if row["tombstone"]],
    )


def _explain_left_over(
    connection: Connection, missing: list[PayloadType], commit: Instant
) -> DuplicateIdentifiers | ParentNotFound | LineageCycle:
    """Name what is given twice (with another parent), the parents that are missing, or else the cycle."""
    if repeated := checks.duplicates(connection, missing):
        return DuplicateIdentifiers.from_identifiers(repeated)
    rows = [
        row for payload_type in missing for row in connection.rows(writes.left_over(payload_type, commit))
    ]
    waiting = {row["identifier"] for row in rows}
    orphans = [row for row in rows if row["parent_identifier"] not in waiting]
    if orphans:
        return ParentNotFound.from_identifiers(
            sorted({row["parent_identifier"] for row in orphans}), [row["identifier"] for row in orphans]
        )
    return LineageCycle.from_identifiers(sorted(waiting))
