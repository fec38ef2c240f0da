"""Create: insert new resources, parents before children, each with its lineage."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from vxdata.schemas.errors import (
    DuplicateIdentifiers,
    LineageCycle,
    NotPermitted,
    ParentNotFound,
    ResourceAlreadyExists,
)
from vxdata.server.database.errors import UniqueViolation
from vxdata.server.services.verbs.checks import require_own_files
from vxdata.server.services.verbs.generations import generations
from vxdata.sql.write import create as writes
from vxdata.sql.write import descent
from vxdata.sql.write.granted import denied_of_commit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.payload_type import PayloadType
    from vxdata.schemas.wire import WriteCommand
    from vxdata.server.database.connection import Connection
    from vxdata.server.ingest.lineage import CreatedLineage
    from vxdata.server.ingest.staging import Staging
    from vxdata.server.services.verbs.generations import Generation
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
        NotPermitted: The sender must not write where they hang, or what is under their licence, or may not
            know of the blobs that they name.
        ParentNotFound: A parent is neither live nor staged.
        LineageCycle: Staged resources would be their own ancestors.
    """
    require_own_files(connection, staging)
    try:
        with connection.savepoint():
            missing = _insert_all(connection, staging, commit)
    except UniqueViolation as error:
        raise _explain_conflict(connection, staging) from error
    if staging.granted.limits_writes:
        _require_granted(connection, staging, commit)
    if missing:
        raise _explain_left_over(connection, staging, missing, commit)
    return staging.counts


def _insert_all(connection: Connection, staging: Staging, commit: Instant) -> list[PayloadType]:
    """Insert the rows whose parent is live or inserted before them, parents before children.

    Returns:
        The types with rows that could not be inserted.
    """
    lineage = staging.lineage and staging.lineage.begin(staging.received)
    inserts = _Inserts(connection, staging, commit, lineage)
    for group in generations(staging):
        inserts.add(group)
    return [
        payload_type
        for payload_type in staging.staged_types
        if inserts.counts[payload_type.prefix] < staging.counts[payload_type.prefix]
    ]


def _require_granted(connection: Connection, staging: Staging, commit: Instant) -> None:
    """Refuse what was inserted where the sender must not write."""
    queries = (
        denied_of_commit(payload_type, commit, staging.granted) for payload_type in staging.staged_types
    )
    if denied := [row["identifier"] for query in queries for row in connection.rows(query)]:
        raise NotPermitted.to_write(denied)


class _Inserts:
    """Inserts generation after generation, and counts what it inserts."""

    def __init__(
        self, connection: Connection, staging: Staging, commit: Instant, lineage: CreatedLineage | None
    ) -> None:
        self._connection = connection
        self._staging = staging
        self._commit = commit
        self._lineage = lineage
        self.counts: Counter[str] = Counter()

    def add(self, group: Generation) -> None:
        """Insert what hangs below live resources; then what hangs below resources of the same generation."""
        waiting = self._wait(group) if group.may_hang_below_itself else 0
        for payload_type in group.types:
            self._below_live(payload_type, descent.WAITING if waiting else None)
        if waiting:
            linking = descent.link_below_live(group.prefixes, self._staging.granted)
            self._connection.execute(*linking)
            for payload_type in group.types:
                self._linked(payload_type)
            self._connection.execute(f"DROP TABLE {descent.LINKED}")
        if group.may_hang_below_itself:
            self._connection.execute(f"DROP TABLE {descent.WAITING}")

    def _wait(self, group: Generation) -> int:
        """Set aside the rows whose parent is of the same generation and staged; tell how many there are."""
        staging = self._staging
        self._connection.execute(descent.CREATE_WAITING)
        waiting = 0
        for payload_type in group.types:
            parents = [
                staging.relation(other)
                for other in group.types
                if other.prefix in staging.parents.get(payload_type.prefix, ())
            ]
            if parents:
                statement = descent.wait_for_staged(staging.relation(payload_type), parents)
                waiting += self._connection.execute(statement)
        if waiting:
            self._connection.execute(descent.INDEX_WAITING, f"ANALYZE {descent.WAITING}")
        return waiting

    def _below_live(self, payload_type: PayloadType, without: str | None) -> None:
        statement = writes.insert_below_live(
            payload_type,
            self._staging.relation(payload_type),
            self._staging.parents.get(payload_type.prefix, set()),
            self._commit,
            rows=self._staging.copied_rows(payload_type),
            without=without,
            returning=self._lineage is not None,
            granted=self._staging.granted,
        )
        self.counts[payload_type.prefix] += _insert(self._connection, statement, self._lineage)

    def _linked(self, payload_type: PayloadType) -> None:
        statement = writes.insert_linked(
            payload_type,
            self._staging.relation(payload_type),
            descent.LINKED,
            self._commit,
            returning=self._lineage is not None,
        )
        self.counts[payload_type.prefix] += _insert(self._connection, statement, self._lineage)


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
        for row in connection.rows(
            writes.existing(
                payload_type,
                staging.relation(payload_type),
                staging.copied_rows(payload_type),
                staging.granted,
            )
        )
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
    if orphans := _orphans(connection, staging, missing):
        return ParentNotFound.from_identifiers(
            sorted({row["parent_identifier"] for row in orphans}), [row["identifier"] for row in orphans]
        )
    rows = [row for payload_type in missing for row in _left_over(connection, staging, payload_type, commit)]
    if found := [row for row in rows if row["tombstone"] is not None]:
        return _already_there(found)
    return LineageCycle.from_identifiers(sorted(row["identifier"] for row in rows))


def _orphans(
    connection: Connection, staging: Staging, missing: Sequence[PayloadType]
) -> list[dict[str, Any]]:
    """The rows whose parent is neither live nor staged."""
    orphans = []
    for payload_type in missing:
        parents = staging.parents.get(payload_type.prefix, set())
        others = [staging.relation(other) for other in staging.staged_types if other.prefix in parents]
        query = writes.missing_parents(
            staging.relation(payload_type),
            parents,
            others,
            staging.copied_rows(payload_type),
            staging.granted,
        )
        orphans += connection.rows(query)
    return orphans


def _left_over(
    connection: Connection, staging: Staging, payload_type: PayloadType, commit: Instant
) -> list[dict[str, Any]]:
    relation, rows = staging.relation(payload_type), staging.copied_rows(payload_type)
    return connection.rows(writes.left_over(payload_type, relation, commit, rows, staging.granted))


def _duplicates(connection: Connection, staging: Staging, staged: Sequence[PayloadType]) -> list[str]:
    """Identifiers that a batch names more than once."""
    return [
        row["identifier"]
        for payload_type in staged
        for row in connection.rows(writes.duplicates(staging.relation(payload_type)))
    ]
