"""Health: whether the server can answer, asked of the database and the blob store themselves."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from vxdata.schemas.errors import ServerUnavailable
from vxdata.schemas.wire import Health
from vxdata.server.database.clock import read_clock
from vxdata.server.database.errors import ConnectionLost
from vxdata.server.database.pool import Lane
from vxdata.server.database.witness import ClockWitness, wall

if TYPE_CHECKING:
    from vxdata.server.call import Call
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.database.witness import ClockReading
    from vxdata.server.storage.blobs import BlobStore

MAX_WAIT: Final = 2.0
"""Seconds after which a server whose connections are all in use counts as busy: a check must not hang."""

DATABASE: Final = "database"
BLOB_STORE: Final = "blob store"


class HealthService:
    """Answers health checks.

    Args:
        database: Pool of connections.
        blobs: The blob store, where one is configured.
        witness: Decides whether the database server's clock can be trusted.
    """

    def __init__(
        self, database: ConnectionPool, blobs: BlobStore | None, witness: ClockWitness | None = None
    ) -> None:
        """Keep all."""
        self._witness = witness or ClockWitness()
        self._database = database
        self._blobs = blobs

    def check(self, call: Call) -> Health:
        """Read the last commit, and look for the bucket.

        Args:
            call: The call, with its deadline.

        Returns:
            The server's version, the last commit, and how the clocks stand.

        Raises:
            ServerBusy: No connection became free in time.
            ServerUnavailable: PostgreSQL or the blob store cannot be reached; `details["down"]` names them.
        """
        problems: dict[str, Exception] = {}
        try:
            reading = self._read_clock(call)
        except (ServerUnavailable, ConnectionLost) as problem:
            problems[DATABASE] = problem
        try:
            if self._blobs is not None:
                self._blobs.check()
        except ServerUnavailable as problem:
            problems[BLOB_STORE] = problem
        if problems:
            msg = " ".join(f"The {name} cannot be reached." for name in problems)
            raise ServerUnavailable(msg, down=list(problems)) from _reason(next(iter(problems.values())))
        return Health(
            server_version=version("vxdata"),
            version=reading.version,
            as_of=reading.stamp,
            clock_is_trusted=self._witness.trusts(max(reading.now, reading.stamp), reading),
            clock_skew_seconds=(reading.now - wall()).total_seconds(),
            commits_ahead_seconds=max(reading.ahead.total_seconds(), 0.0),
        )

    def _read_clock(self, call: Call) -> ClockReading:
        """Read the commit clock, on a new connection if PostgreSQL was started again: idle ones are gone."""
        try:
            return self._read_clock_once(call)
        except ConnectionLost:
            return self._read_clock_once(call)

    def _read_clock_once(self, call: Call) -> ClockReading:
        with self._database.connection(
            Lane.LOOKUP, caller=call.caller, wait=MAX_WAIT, deadline=call.deadline
        ) as connection:
            return read_clock(connection)


def _reason(problem: Exception) -> BaseException:
    """What PostgreSQL or S3 said, for the log."""
    return problem.__cause__ or problem
