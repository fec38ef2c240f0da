"""Health: whether the server can answer, asked of the database, the blob store and, if need be, the catalogs.

A server with data of its own is well if these can be read, whatever its catalogs do. One that has nothing but
catalogs is well as long as one of them answers.
"""

from __future__ import annotations

from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Final, TypeVar

import structlog

from vxdata.schemas.errors import ServerUnavailable, ServiceProblem
from vxdata.schemas.wire import CopiesHealth, Health
from vxdata.server.copies import CopiesState
from vxdata.server.database.clock import read_clock
from vxdata.server.database.errors import ConnectionLost, DatabaseError
from vxdata.server.database.pool import Lane
from vxdata.server.database.witness import ClockWitness, wall
from vxdata.server.services.catalog_views import SeenCatalogs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from vxdata.server.call import Call
    from vxdata.server.copies import Copies, CopiesStatus
    from vxdata.server.database.connection import Connection
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.services.named_catalog import NamedCatalog
    from vxdata.server.storage.blobs import BlobStore

MAX_WAIT: Final = 2.0
"""Seconds after which a server whose connections are all in use counts as busy: a check must not hang."""

DATABASE: Final = "database"
DATABASE_FOR_WRITES: Final = "database for writes"
"""What is down where reads have a login of their own, and the other one is refused."""

BLOB_STORE: Final = "blob store"

Asked = TypeVar("Asked")

log = structlog.get_logger(__name__)


class HealthService:
    """Answers health checks.

    Args:
        database: Pool of connections; None for a server of catalogs alone.
        blobs: The blob store, where one is configured.
        witness: Decides whether the database server's clock can be trusted.
        catalogs: The catalogs.
        copies: The columnar copies, where the server keeps some.
        answers: Engine -> plans that it has answered.
        unprotected: What the listeners lack although other machines reach them.
    """

    def __init__(
        self,
        database: ConnectionPool | None,
        blobs: BlobStore | None,
        witness: ClockWitness | None = None,
        catalogs: Iterable[NamedCatalog] = (),
        *,
        copies: Copies | None = None,
        answers: Callable[[], dict[str, int]] = dict,
        unprotected: Sequence[str] = (),
    ) -> None:
        """Keep all."""
        self._unprotected = list(unprotected)
        self._copies = copies
        self._answers = answers
        self._catalogs = catalogs
        self._witness = witness or ClockWitness()
        self._database = database
        self._blobs = blobs

    def check(self, call: Call) -> Health:
        """Read the last commit, try the login that writes, and look for the bucket.

        Args:
            call: The call, with its deadline.

        Returns:
            The server's version, the last commit, how the clocks stand, and which catalogs have been read.
            What tells of data or catalogs that are hidden from the caller is left out.

        Raises:
            ServerBusy: No connection became free in time.
            ServerUnavailable: PostgreSQL or the blob store cannot be reached; `details["down"]` names them.
        """
        if self._database is None:
            return self._check_catalogs(call)
        problems: dict[str, Exception] = {}
        try:
            reading = _asked(self._database, call, read_clock)
        except (ServerUnavailable, ConnectionLost) as problem:
            problems[DATABASE] = problem
        else:
            try:
                self._try_owner(self._database, call)
            except (ServerUnavailable, ConnectionLost) as problem:
                problems[DATABASE_FOR_WRITES] = problem
        try:
            if self._blobs is not None:
                self._blobs.check()
        except ServerUnavailable as problem:
            problems[BLOB_STORE] = problem
        if problems:
            msg = " ".join(f"The {name} cannot be reached." for name in problems)
            raise ServerUnavailable(msg, down=list(problems)) from _reason(next(iter(problems.values())))
        hides = call.principal.grants.hides_resources
        return Health(
            server_version=version("vxdata"),
            version=reading.version,
            as_of=reading.stamp,
            clock_is_trusted=self._witness.trusts(max(reading.now, reading.stamp), reading),
            clock_skew_seconds=(reading.now - wall()).total_seconds(),
            commits_ahead_seconds=max(reading.ahead.total_seconds(), 0.0),
            catalogs={each.name: each.is_loaded for each in self._seen(call)},
            copies=None if hides or self._copies is None else _copies_health(self._copies.status()),
            answers={} if hides else self._answers(),
            unprotected=self._unprotected,
        )

    def _seen(self, call: Call) -> SeenCatalogs:
        return SeenCatalogs(self._catalogs, call.principal.grants.catalogs)

    def _check_catalogs(self, call: Call) -> Health:
        """Look whether any catalog answers."""
        states = {each.name: _answers(each, call) for each in self._catalogs}
        seen = {each.name: states[each.name] for each in self._seen(call)}
        if not any(states.values()):
            msg = " ".join(f"The catalog {name} cannot be read." for name in seen)
            raise ServerUnavailable(msg or "No catalog can be read.", down=list(seen))
        return Health(
            server_version=version("vxdata"), version=0, catalogs=seen, unprotected=self._unprotected
        )

    def _try_owner(self, database: ConnectionPool, call: Call) -> None:
        """Ask the database for nothing by the login that writes, where reads have another one."""
        if database.has_two_logins:
            _asked(database, call, _ping, Lane.PRIVATE)


def _copies_health(status: CopiesStatus) -> CopiesHealth:
    is_ready = status.state is CopiesState.READY
    return CopiesHealth(
        state=status.state.value,
        reason=status.reason or "",
        version=min(each.version for each in status.applied.values()) if is_ready else 0,
        behind=status.behind,
        bytes=status.bytes,
    )


def _answers(catalog: NamedCatalog, call: Call) -> bool:
    """Return whether a catalog has been read, and its database answers."""
    if not catalog.is_loaded:
        return False
    try:
        _asked(catalog.loaded.database, call, _ping)
    except (ServiceProblem, DatabaseError) as problem:
        log.warning("catalog_does_not_answer", catalog=catalog.name, reason=str(_reason(problem)))
        return False
    return True


def _ping(connection: Connection) -> None:
    """Ask a database for nothing."""
    connection.rows("SELECT 1 AS one")


def _asked(
    database: ConnectionPool, call: Call, ask: Callable[[Connection], Asked], lane: Lane = Lane.LOOKUP
) -> Asked:
    """Ask a database, on a new connection if PostgreSQL was started again: idle ones are gone."""
    checking = partial(database.connection, lane, caller=call.caller, wait=MAX_WAIT, deadline=call.deadline)
    try:
        with checking() as connection:
            return ask(connection)
    except ConnectionLost:
        with checking() as connection:
            return ask(connection)


def _reason(problem: Exception) -> BaseException:
    """What PostgreSQL or S3 said, for the log."""
    return problem.__cause__ or problem
