"""Health: whether the server can answer, asked of the database and the blob store themselves."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from vxdata.schemas.wire import Health
from vxdata.server.database.clock import last_commit
from vxdata.server.database.pool import Lane

if TYPE_CHECKING:
    from vxdata.server.call import Call
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.storage.blobs import BlobStore


MAX_WAIT: Final = 2.0
"""Seconds after which a server whose connections are all in use counts as busy: a check must not hang."""


class HealthService:
    """Answers health checks.

    Args:
        database: Pool of connections.
        blobs: The blob store, where one is configured.
    """

    def __init__(self, database: ConnectionPool, blobs: BlobStore | None) -> None:
        """Keep both."""
        self._database = database
        self._blobs = blobs

    def check(self, call: Call) -> Health:
        """Read the last commit, and look for the bucket.

        Args:
            call: The call, with its deadline.

        Returns:
            The server's version and the last commit.

        Raises:
            ServerBusy: No connection became free in time.
            ServerUnavailable: PostgreSQL or the blob store cannot be reached.
        """
        if self._blobs is not None:
            self._blobs.check()
        with self._database.connection(
            Lane.LOOKUP, caller=call.caller, wait=MAX_WAIT, deadline=call.deadline
        ) as connection:
            commit = last_commit(connection)
        return Health(server_version=version("vxdata"), version=commit.version, as_of=commit.as_of)
