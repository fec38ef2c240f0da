"""What a server is put together from: connections to databases, the blob store, the clock's witness."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import structlog

from vxdata.schemas.errors import ServerUnavailable
from vxdata.server.database.clock import read_clock
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.database.statement_limits import StatementLimits
from vxdata.server.database.upgrade import require_current
from vxdata.server.database.witness import ClockWitness
from vxdata.server.storage.blobs import BlobStore

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import ExitStack

    from pydantic import SecretStr

    from vxdata.schemas.catalog import Catalog
    from vxdata.server.config import Settings

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
    """

    database: ConnectionPool
    blobs: BlobStore | None
    witness: ClockWitness

    @classmethod
    def open(cls, settings: Settings, catalog: Catalog, parts: ExitStack) -> Self:
        """Connect to the database and the blob store, and have them closed with the server.

        Args:
            settings: How to run; `database_uri` is set.
            catalog: What the database holds.
            parts: What is closed at the end.

        Raises:
            ServerUnavailable: No database is configured, or it cannot be reached.
            SchemaMismatch: The database is not that of this version.
        """
        if settings.database_uri is None:
            msg = "No database is configured: set VXDATA_DATABASE_URI."
            raise ServerUnavailable(msg)
        database = open_pool(settings, settings.database_uri, writers=settings.writer_pool_size)
        parts.callback(database.close)
        require_current(database, catalog.registry)
        witness = _clock_witness(settings, database)
        blobs = BlobStore(settings) if settings.s3_bucket else None
        if blobs is not None:
            parts.callback(blobs.close)
        return cls(database, blobs, witness)


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
    settings: Settings, uri: SecretStr, *, writers: int, set_up: Sequence[str] = ()
) -> ConnectionPool:
    """Make a pool of connections to a database, of the sizes and with the limits of the settings.

    Args:
        settings: How to run.
        uri: libpq URI of the database.
        writers: Connections that may write, at most.
        set_up: Further statements that every connection begins with.

    Returns:
        The pool, with one connection open.

    Raises:
        ServerUnavailable: The database cannot be reached.
    """
    return ConnectionPool(
        uri,
        size=settings.pool_size,
        lookups=settings.lookup_pool_size,
        writers=writers,
        wait=settings.pool_wait,
        limits=StatementLimits(settings.query_limit, settings.query_temp_bytes),
        set_up=set_up,
    )


def _clock_witness(settings: Settings, database: ConnectionPool) -> ClockWitness:
    """Begin to watch the clock, from the last commit on."""
    witness = ClockWitness(settings.clock_ahead, settings.clock_idle)
    with database.connection() as connection:
        reading = read_clock(connection)
    if not witness.trusts(max(reading.now, reading.stamp), reading):
        known, last = witness.known_good(reading).isoformat(), reading.stamp.isoformat()
        log.warning("clock_not_trusted", clock=reading.now.isoformat(), last=last, known_good=known)
    return witness
