"""Create: an upload becomes one commit, or nothing.

The order of a create: stage what arrives while validating it, take the commit clock, insert level by
level, log, commit. The clock is the lock of all writers, so what is read after taking it (which
parents are live, which identifiers exist) cannot change before the commit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vxdata.schemas.errors import (
    DuplicateIdentifiers,
    IncompleteUpload,
    LineageCycle,
    ParentNotFound,
    ResourceAlreadyExists,
)
from vxdata.schemas.wire import CommitReceipt
from vxdata.server.clock import last_commit, tick
from vxdata.server.database import READ_WRITE
from vxdata.server.database_errors import UniqueViolation
from vxdata.server.staging import Staging
from vxdata.sql import clock, writes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import pyarrow as pa

    from vxdata.schemas.payload_type import PayloadType
    from vxdata.schemas.registry import Registry
    from vxdata.server.database import Connection, Database
    from vxdata.server.watch import Watch
    from vxdata.sql.instant import Instant


@dataclass(frozen=True)
class Section:
    """Rows of one resource type within an upload."""

    resource_type: str
    rows: pa.RecordBatch


class CreateService:
    """Creates resources.

    Args:
        database: Pool of connections.
        registry: The payload types.
        watch: Cancels statements whose caller has gone.
    """

    def __init__(self, database: Database, registry: Registry, watch: Watch) -> None:
        """Keep the parts."""
        self._database = database
        self._registry = registry
        self._watch = watch

    def create(
        self,
        sections: Iterator[Section | int],
        client: Mapping[str, str],
        is_cancelled: Callable[[], bool],
    ) -> CommitReceipt:
        """Create all resources of an upload in one commit.

        Args:
            sections: The sections as they arrive, then the number of rows that the commit marker states.
            client: What the caller says of itself, for the commit log.
            is_cancelled: Tells whether the caller has gone; asked from another thread.

        Returns:
            The receipt of the commit.

        Raises:
            IncompleteUpload: The upload ended without its marker, or its rows are not as many.
            InvalidRequest: Columns, types, identifiers or values are wrong.
            DuplicateIdentifiers: An identifier stands in the upload twice.
            ResourceAlreadyExists: An identifier exists, live or deleted.
            ParentNotFound: A parent is neither live nor in the upload.
            LineageCycle: Resources of the upload would be their own ancestors.
        """
        with (
            self._database.connection() as connection,
            self._watch.over(connection, is_cancelled),
            connection.transaction(READ_WRITE),
        ):
            staging = Staging(connection, self._registry)
            self._receive(sections, staging)
            if not staging.counts:
                commit = last_commit(connection)
            else:
                commit = _insert(connection, staging.staged_types)
                for statement in clock.log_commit(commit, "create", staging.counts, client):
                    connection.execute(statement)
        return CommitReceipt(version=commit.version, as_of=commit.as_of, counts=staging.counts)

    def _receive(self, sections: Iterator[Section | int], staging: Staging) -> None:
        announced: int | None = None
        for section in sections:
            match section:
                case Section(resource_type=resource_type, rows=rows):
                    staging.add(self._registry.get(resource_type), rows)
                case int():
                    announced = section
        if announced != staging.received:
            raise _incomplete(announced, staging.received)
        staging.finish()


def _incomplete(announced: int | None, received: int) -> IncompleteUpload:
    what = "without a commit marker" if announced is None else f"with a marker for {announced:,} rows"
    return IncompleteUpload(
        f"The upload ended {what} after {received:,} rows; nothing was written.",
        announced=announced,
        received=received,
    )


def _insert(connection: Connection, staged: tuple[PayloadType, ...]) -> Instant:
    """Take the clock and insert; explain by name what the unique index or a missing parent refuses."""
    parents = {payload_type: _parent_prefixes(connection, payload_type) for payload_type in staged}
    commit = tick(connection)
    try:
        with connection.savepoint():
            missing = _insert_levels(connection, parents, commit)
    except UniqueViolation as error:
        raise _explain_conflict(connection, staged) from error
    if missing:
        raise _explain_left_over(connection, missing, commit)
    return commit


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
    if repeated := _duplicates(connection, staged):
        return DuplicateIdentifiers.from_identifiers(repeated)
    found = [row for payload_type in staged for row in connection.rows(writes.existing(payload_type))]
    return ResourceAlreadyExists.from_identifiers(
        live=[row["identifier"] for row in found if not row["tombstone"]],
        deleted=[row["identifier"] for row in found if row["tombstone"]],
    )


def _duplicates(connection: Connection, staged: Iterable[PayloadType]) -> list[str]:
    return [
        row["identifier"]
        for payload_type in staged
        for row in connection.rows(writes.duplicates(payload_type))
    ]


def _explain_left_over(
    connection: Connection, missing: list[PayloadType], commit: Instant
) -> DuplicateIdentifiers | ParentNotFound | LineageCycle:
    """Name what is given twice (with another parent), the parents that are missing, or else the cycle."""
    if repeated := _duplicates(connection, missing):
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
