"""What a server opens before its services: databases, the blob store, copies, spools, kept results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import structlog

from vxdata.schemas.errors import ServerUnavailable
from vxdata.server.copies import Copies
from vxdata.server.database.clock import read_clock
from vxdata.server.database.monitor import CancellationMonitor
from vxdata.server.database.pool import ConnectionPool, Lane
from vxdata.server.database.reading_role import require_reading_role
from vxdata.server.database.statement_limits import StatementLimits
from vxdata.server.database.upgrade import require_current
from vxdata.server.database.witness import ClockWitness
from vxdata.server.folder_lock import FolderInUse
from vxdata.server.identities.signatures import Signatures
from vxdata.server.result_cache.cache import ResultCache
from vxdata.server.result_cache.store import CacheStore, remove_files
from vxdata.server.spool_space import SpoolSpace
from vxdata.server.storage.blobs import BlobStore

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import ExitStack

    from pydantic import SecretStr

    from vxdata.schemas.catalog import Catalog
    from vxdata.server.config import Settings
    from vxdata.server.disk_guard import DiskGuard

READ_ONLY_SET_UP: Final = ("SET default_transaction_read_only TO on", "SET jit TO off")
"""What connections to a catalog begin with.

To compile a statement takes a tenth of a second and more, which is what most of them take in all.
"""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class OwnParts:
    """What VxData's own data are reached by.

    Args:
        database: Connections to their database.
        blobs: The blob store, where one is configured.
        witness: Decides whether the database server's clock can be trusted.
        copies: The columnar copies, where the server keeps some.
        signatures: Signs addresses of answers, and checks their signatures.
    """

    database: ConnectionPool
    blobs: BlobStore | None
    witness: ClockWitness
    copies: Copies | None
    signatures: Signatures

    @classmethod
    def open(cls, settings: Settings, catalog: Catalog, disk: DiskGuard, parts: ExitStack) -> Self:
        """Connect to the database and the blob store, and have them closed with the server.

        Args:
            settings: How to run; `database_uri` is set.
            catalog: What the database holds.
            disk: The guard of the database's disk.
            parts: What is closed at the end.

        Raises:
            ServerUnavailable: No database is configured, or it cannot be reached.
            SchemaMismatch: The database is not that of this version, or the reading role has other rights.
        """
        if settings.database_uri is None:
            msg = "No database is configured: set VXDATA_DATABASE_URI."
            raise ServerUnavailable(msg)
        database = open_pool(
            settings, settings.database_uri, writers=settings.writer_pool_size, read_uri=settings.read_uri
        )
        parts.callback(database.close)
        require_current(database, catalog.registry)
        if settings.read_uri is not None:
            require_reading_role(database)
        witness = _clock_witness(settings, database)
        blobs = BlobStore(settings) if settings.s3_bucket else None
        if blobs is not None:
            parts.callback(blobs.close)
        copies = Copies.open(settings, database, catalog.registry, disk)
        if copies is not None:
            parts.callback(copies.close)
        return cls(database, blobs, witness, copies, Signatures(database))


@dataclass(frozen=True)
class SharedParts:
    """What all services of a server use, whichever data they serve.

    Args:
        disk: The guard of the disk that holds the database.
        space: Room for what is written aside.
        monitor: Cancels statements whose caller has gone.
        results: Kept results of plans.
        released: Kept results of the releases of catalogs.
    """

    disk: DiskGuard
    space: SpoolSpace
    monitor: CancellationMonitor
    results: ResultCache
    released: ResultCache

    @classmethod
    def open(cls, settings: Settings, disk: DiskGuard, parts: ExitStack) -> Self:
        """Open them, and have them closed with the server.

        Args:
            settings: How to run.
            disk: The guard of the disk that holds the database.
            parts: What is closed at the end.
        """
        monitor = CancellationMonitor()
        parts.callback(monitor.close)
        store = _cache_store(settings, disk)
        if store is not None:
            parts.callback(store.close)
        space = SpoolSpace(settings.spool_dir, settings.spool_bytes, disk)
        released = ResultCache(store, asks=1)  # a release stays for weeks
        return cls(disk, space, monitor, ResultCache(store), released)

    def cancel_all(self) -> int:
        """Cancel all statements, and end the results that are being kept.

        Returns:
            How many statements were cancelled.
        """
        self.results.close()
        self.released.close()
        return self.monitor.cancel_all()


def open_catalog(settings: Settings, uri: SecretStr) -> ConnectionPool:
    """Make a pool of connections to the database of a catalog, through which nothing can be written.

    Args:
        settings: How to run.
        uri: libpq URI of the database.

    Returns:
        The pool, with one connection open.

    Raises:
        ServerUnavailable: The database cannot be reached.
    """
    return open_pool(settings, uri, writers=1, set_up=READ_ONLY_SET_UP)


def open_pool(
    settings: Settings,
    uri: SecretStr,
    *,
    writers: int,
    read_uri: SecretStr | None = None,
    set_up: Sequence[str] = (),
) -> ConnectionPool:
    """Make a pool of connections to a database, of the sizes and with the limits of the settings.

    Args:
        settings: How to run.
        uri: libpq URI of the database.
        writers: Connections that may write, at most.
        read_uri: The database for the reading role; as `uri` by default.
        set_up: Further statements that every connection begins with.

    Returns:
        The pool, with one connection open.

    Raises:
        ServerUnavailable: The database cannot be reached.
    """
    return ConnectionPool(
        uri,
        read_uri=read_uri,
        size=settings.pool_size,
        lookups=settings.lookup_pool_size,
        writers=writers,
        wait=settings.pool_wait,
        limits=StatementLimits(settings.query_limit, settings.query_temp_bytes),
        set_up=set_up,
    )


def _cache_store(settings: Settings, disk: DiskGuard) -> CacheStore | None:
    """Open the store of the result cache; without one, the server runs and caches nothing."""
    if settings.cache_dir is None:
        return None
    try:
        if not settings.cache_bytes:
            remove_files(settings.cache_dir)
            return None
        return CacheStore(settings.cache_dir, settings.cache_bytes, disk)
    except (FolderInUse, OSError) as problem:
        log.warning("answers_not_kept", reason=str(problem))
        return None


def _clock_witness(settings: Settings, database: ConnectionPool) -> ClockWitness:
    """Begin to watch the clock, from the last commit on."""
    witness = ClockWitness(settings.clock_ahead, settings.clock_idle)
    with database.connection(Lane.LOOKUP) as connection:
        reading = read_clock(connection)
    if not witness.trusts(max(reading.now, reading.stamp), reading):
        known, last = witness.known_good(reading).isoformat(), reading.stamp.isoformat()
        log.warning("clock_not_trusted", clock=reading.now.isoformat(), last=last, known_good=known)
    return witness
