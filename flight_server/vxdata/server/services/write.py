"""Write: an upload becomes one commit, or nothing.

The order of every write: receive, validate and spool all rows; then, on a connection, stage them, take the
commit clock, apply the verb, log, commit. A client that sends slowly holds no connection. The clock is the
lock of all writers, so what is read after taking it (which parents are live, which versions are present)
cannot change before the commit.
"""

from __future__ import annotations

import hashlib
import json
import math
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vxdata.schemas.errors import IdempotencyMismatch, IncompleteUpload, NotAllowed
from vxdata.schemas.wire import CommitReceipt, Message
from vxdata.server.call import ANONYMOUS
from vxdata.server.database.clock import last_commit, lock_and_read_clock
from vxdata.server.database.pool import Lane
from vxdata.server.database.retry import retry_on_conflict
from vxdata.server.database.witness import ClockWitness
from vxdata.server.disk_guard import DiskGuard
from vxdata.server.identities.authenticator import refused
from vxdata.server.ingest.reception import Reception
from vxdata.server.ingest.spool import Spool
from vxdata.server.ingest.staging import Staging
from vxdata.server.ingest.upload_timeout import UploadTimeout
from vxdata.server.services.verbs import VERBS
from vxdata.server.services.write_transaction import write_transaction
from vxdata.server.spool_space import SpoolSpace
from vxdata.sql import commit_clock as clock
from vxdata.sql.write.granted import EVERYTHING, Granted, seen_of_commit
from vxdata.sql.write.tokens import unrevoked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa

    from vxdata.schemas.catalog.registry import Registry
    from vxdata.schemas.wire import WriteCommand
    from vxdata.server.call import Call, Principal
    from vxdata.server.database.connection import Connection
    from vxdata.server.database.monitor import CancellationMonitor
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.ingest.lineage import CreatedLineage
    from vxdata.sql.instant import Instant


@dataclass(frozen=True)
class Section:
    """Rows of one resource type within an upload.

    Args:
        resource_type: What the rows are.
        rows: The rows.
    """

    resource_type: str
    rows: pa.RecordBatch


class NamedResources(Message):
    """The resources that an upload names, as the audit records them.

    Args:
        identifiers: The first of them.
        rows: Number of all rows.
    """

    identifiers: list[str]
    rows: int


class WriteService:
    """Applies uploads.

    Args:
        database: Pool of connections.
        registry: The payload types.
        monitor: Cancels statements whose caller has gone.
        allow_purge: Whether the verb `purge` is allowed.
        idle: Seconds that an upload may be silent.
        limit: Seconds that an upload may take to arrive.
        space: The disk space for uploads that are still arriving.
        disk: The guard of the database's disk.
        witness: Decides whether the database server's clock can be trusted.
        on_purge: Called with the number of purges so far, after each purge and before its response.
        on_commit: Called after each commit.
        buckets: Buckets that the server opens with its own credentials.
    """

    def __init__(  # noqa: PLR0913 - what it works with, and its limits
        self,
        database: ConnectionPool,
        registry: Registry,
        monitor: CancellationMonitor,
        *,
        allow_purge: bool,
        idle: float = 120.0,
        limit: float = math.inf,
        space: SpoolSpace | None = None,
        disk: DiskGuard | None = None,
        witness: ClockWitness | None = None,
        on_purge: Callable[[int], None] = lambda _: None,
        on_commit: Callable[[], None] = lambda: None,
        buckets: tuple[str, ...] = (),
    ) -> None:
        """Keep the parts."""
        self._buckets = buckets
        self._on_commit = on_commit
        self._on_purge = on_purge
        self._allow_purge = allow_purge
        self._database = database
        self._idle = idle
        self._limit = limit
        self._space = space or SpoolSpace()
        self._disk = disk or DiskGuard()
        self._witness = witness or ClockWitness()
        self._registry = registry
        self._monitor = monitor

    def write(
        self,
        command: WriteCommand,
        sections: Iterator[Section | int],
        call: Call,
        lineage: CreatedLineage | None = None,
    ) -> CommitReceipt:
        """Apply an upload in one commit.

        Args:
            command: What to do with the rows.
            sections: The sections as they arrive, then the number of rows that the commit marker states.
            call: The call, with its deadline.
            lineage: Collects the lineage of created resources, if the caller wants it.

        Returns:
            The receipt of the commit: the stored one for a repeated key, the last one if nothing changes.

        Raises:
            NotAllowed: The verb is a purge, and the operator has not allowed it.
            NotAuthenticated: The caller's token has been revoked since the upload began; nothing is written.
            NotPermitted: The caller sees resources, or names licences, that it must not write.
            IncompleteUpload: The upload ended without its marker, has another number of rows, or fell silent.
            InvalidRequest: Columns, types, identifiers or values are wrong.
            StateConflict: What is stored forbids it; nothing is written.
            IdempotencyMismatch: The key was used before for another upload.
            LimitExceeded: The upload needs more space than one upload may.
            DiskFull: The disk has too little room; nothing is written.
            ClockNotTrusted: The commit would be stamped too far ahead of any time known to be right.
            ServerBusy: Too many others write, and none ended in time; or there is no space for the upload.
            RequestTimedOut: No connection became free before the deadline.
        """
        question = call.trail.ask(command)
        if command.verb == "purge" and not self._allow_purge:
            msg = "Purging is off on this server; its operator can allow it with VXDATA_ALLOW_PURGE."
            raise NotAllowed(msg)
        self._disk.require_room()  # before the rows are received
        receipt = self._commit(command, sections, call, lineage)
        question.see(receipt.as_of, receipt.version)
        call.trail.wrote(sum(receipt.counts.values()))
        if receipt.counts:
            self._on_commit()
        if command.verb == "purge":
            self._on_purge(self._purge_epoch())
        return receipt

    def _purge_epoch(self) -> int:
        with self._database.connection(Lane.LOOKUP) as connection:
            return int(connection.rows(clock.PURGE_EPOCH)[0]["purge_epoch"])

    def _commit(
        self,
        command: WriteCommand,
        sections: Iterator[Section | int],
        call: Call,
        lineage: CreatedLineage | None,
    ) -> CommitReceipt:
        with closing(Spool(self._space)) as spool:
            seen = self._registry.only(call.principal.grants.types)
            reception = Reception(seen, command.verb, spool)
            digest = self._receive(command, sections, reception)
            call.trail.ask(NamedResources(identifiers=reception.named, rows=reception.received))
            if not reception.counts:
                return self._unchanged()
            with write_transaction(self._database, self._monitor, self._disk, call) as connection:
                granted = Granted.of(call.principal.grants)
                staging = Staging(connection, reception, self._registry, lineage, granted, self._buckets)
                request = _Request(command, digest, call.principal, record_key(command, call.principal))
                return retry_on_conflict(
                    connection, lambda: _apply(connection, staging, request, self._witness)
                )

    def _receive(self, command: WriteCommand, sections: Iterator[Section | int], reception: Reception) -> str:
        """Receive the sections, and return the digest of the whole request."""
        digest = _RequestDigest(command)
        announced: int | None = None
        timeout = UploadTimeout(reception.spool.close, self._idle, self._limit)
        with self._monitor.watching(timeout, timeout.is_late):
            for section in timeout.limited(sections):
                match section:
                    case Section(resource_type=resource_type, rows=rows):
                        digest.add(rows)
                        reception.add(reception.registry.get(resource_type), rows)
                    case int():
                        announced = section
        reception.flush()
        if announced != reception.received:
            raise _incomplete(announced, reception.received)
        reception.finish()
        return digest.hexdigest()

    def _unchanged(self) -> CommitReceipt:
        """The receipt of a write that had nothing to do: no commit, the present state."""
        with self._database.connection(Lane.LOOKUP) as connection:
            present = last_commit(connection)
        return CommitReceipt(version=present.version, as_of=present.as_of, counts={})


class _RequestDigest:
    """The digest of a request, batch by batch."""

    def __init__(self, command: WriteCommand) -> None:
        self._digest = hashlib.blake2b(command.body(), digest_size=16)
        self._schema: pa.Schema | None = None
        self._described = b""

    def add(self, rows: pa.RecordBatch) -> None:
        # Once for all batches with the same schema: to describe one takes longer than to read a row.
        if self._schema is None or not rows.schema.equals(self._schema, check_metadata=True):
            self._schema, self._described = rows.schema, str(rows.schema).encode()
        self._digest.update(self._described)
        for column in rows.columns:
            for buffer in column.buffers():
                if buffer is not None:
                    self._digest.update(buffer)

    def hexdigest(self) -> str:
        return self._digest.hexdigest()


@dataclass(frozen=True)
class _Request:
    """A request that has been received.

    Args:
        command: What to do with the rows.
        digest: Digest of all of it.
        sender: Its sender, as identified when the request began.
        key: The key under which its receipt is kept; None if it is not kept.
    """

    command: WriteCommand
    digest: str
    sender: Principal
    key: str | None


def record_key(command: WriteCommand, principal: Principal) -> str | None:
    """Return the key under which the receipt of a request is kept; principals do not share keys.

    Args:
        command: The request.
        principal: Its sender.

    Returns:
        The key; None where the request has none.
    """
    if command.idempotency_key is None or principal == ANONYMOUS:
        return command.idempotency_key
    return json.dumps([principal.how, principal.name, command.idempotency_key])


def _apply(
    connection: Connection, staging: Staging, request: _Request, witness: ClockWitness
) -> CommitReceipt:
    """Lock the clock, apply the verb and log it; return the stored receipt of a repeated request."""
    command, key = request.command, request.key
    commit, reading = lock_and_read_clock(connection)
    _require_unrevoked(connection, request.sender)
    if key is not None:
        earlier = connection.rows(clock.stored_response(key))
        if earlier:
            return _replayed(earlier[0], request)
    witness.require(commit.as_of, reading)
    written = VERBS[command.verb](connection, staging, command, commit)
    counts = {name: count for name, count in written.items() if count}
    statements: list[str] = []
    if counts:
        statements += clock.log_commit(commit, command, counts, request.sender.name)
    answered = commit if counts else last_commit(connection)
    seen_counts = _seen_counts(connection, staging, command, commit, counts)
    if key is not None:
        statements.append(clock.store_response(key, request.digest, answered, seen_counts))
    if statements:
        connection.execute(*statements)
    return CommitReceipt(version=answered.version, as_of=answered.as_of, counts=seen_counts)


def _require_unrevoked(connection: Connection, sender: Principal) -> None:
    """Refuse a sender whose token has been revoked or replaced since the upload began.

    A token that has merely expired is still good for the rest of the upload.
    """
    if sender.token_id and not connection.rows(unrevoked(sender.token_id)):
        raise refused()


def _seen_counts(
    connection: Connection, staging: Staging, command: WriteCommand, commit: Instant, counts: dict[str, int]
) -> dict[str, int]:
    """The counts that the sender may know: a move also changes descendants that are hidden from it."""
    granted = staging.granted
    if command.verb != "update" or granted == EVERYTHING:
        return counts
    seen = {
        name: connection.rows(seen_of_commit(name, commit, granted))[0]["rows"]
        for name in counts
        if granted.shows(name)
    }
    return {name: count for name, count in seen.items() if count}


def _replayed(earlier: dict[str, Any], request: _Request) -> CommitReceipt:
    if earlier["request_digest"] != request.digest:
        raise IdempotencyMismatch(
            "The idempotency key was used before for another request.",
            idempotency_key=request.command.idempotency_key,
        )
    return CommitReceipt(
        version=earlier["version"], as_of=earlier["stamp"], counts=json.loads(earlier["counts"])
    )


def _incomplete(announced: int | None, received: int) -> IncompleteUpload:
    what = "without a commit marker" if announced is None else f"with a marker for {announced:,} rows"
    return IncompleteUpload(
        f"The upload ended {what} after {received:,} rows; nothing was written.",
        announced=announced,
        received=received,
    )
