"""Health: whether the server can answer, asked of the database itself."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from vxdata.schemas.wire import Health
from vxdata.server.clock import last_commit

if TYPE_CHECKING:
    from vxdata.server.database import Database


class HealthService:
    """Answers health checks.

    Args:
        database: Pool of connections.
    """

    def __init__(self, database: Database) -> None:
        """Keep the pool."""
        self._database = database

    def check(self) -> Health:
        """Read the last commit.

        Returns:
            The server's version and the last commit.

        Raises:
            ServerBusy: No connection became free in time.
            ServerUnavailable: PostgreSQL cannot be reached.
        """
        with self._database.connection() as connection:
            commit = last_commit(connection)
        return Health(server_version=version("vxdata"), version=commit.version, as_of=commit.as_of)
