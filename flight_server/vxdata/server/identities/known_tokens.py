"""The tokens that a server knows: all valid ones, kept in memory and reloaded every second.

So a revoked token works for two seconds at most, on every server. Before a token is refused, the tokens are
reloaded if they are more than a tenth of a second old, so that a new token works at once. This is done
whatever is wrong with the token, so that the time of the answer reveals nothing; and however many tokens a
caller tries, the database is asked ten times a second at most. A thread of its own does it: callers with a
known token wait for it only if the database has not answered for two seconds.
"""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import structlog

from vxdata.schemas.errors import ServerUnavailable, VxDataError
from vxdata.server.call import Principal
from vxdata.server.database.errors import DatabaseError
from vxdata.server.database.pool import Lane
from vxdata.server.identities.authenticator import Presented, refused
from vxdata.server.identities.errand import Errand
from vxdata.server.identities.token_store import StoredToken
from vxdata.server.identities.tokens import MARK, NO_DIGEST, id_of, is_token_of
from vxdata.sql.write import tokens as statements

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vxdata.server.database.monitor import CancellationMonitor
    from vxdata.server.database.pool import ConnectionPool

FRESH_SECONDS: Final = 1.0
"""Age up to which the loaded tokens are used without asking the database."""

SURE_SECONDS: Final = 0.1
"""Age beyond which the tokens are reloaded before one is refused."""

STALE_SECONDS: Final = 2.0
"""Age up to which the loaded tokens are used while the database is asked in the background."""

WAIT_SECONDS: Final = 10.0
"""Time that the database has to answer; then the calls that wait for it fail."""

USES_SECONDS: Final = 60.0
"""Interval at which the times of use of tokens are written."""

HOW: Final = "token"
"""How such principals were identified (`Principal.how`)."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Known:
    """All tokens at an instant, by id, each with its principal."""

    tokens: Mapping[str, tuple[StoredToken, Principal]]
    read_at: float

    @property
    def age(self) -> float:
        return time.monotonic() - self.read_at


class KnownTokens:
    """Identifies callers by their bearer tokens.

    Args:
        database: Pool of connections to the database that holds the tokens.
        monitor: Cancels statements that the database does not answer in time.
    """

    def __init__(self, database: ConnectionPool, monitor: CancellationMonitor) -> None:
        """Begin with no tokens; the first call loads them."""
        self._database = database
        self._monitor = monitor
        self._known = _Known({}, -math.inf)
        self._reading = Errand("vxdata-tokens", self._read, WAIT_SECONDS)
        self._unreadable: set[str] = set()
        self._used: dict[str, datetime] = {}
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._note_uses, name="vxdata-token-uses", daemon=True)
        self._thread.start()

    def identify(self, presented: Presented) -> Principal | None:
        """Identify a caller by its bearer token.

        Args:
            presented: The credentials of the call.

        Returns:
            The principal of the token; None if the call presents no token of VxData.

        Raises:
            NotAuthenticated: The token is malformed, unknown, expired or revoked.
            ServerUnavailable: The tokens cannot be read from the database.
        """
        token = presented.bearer
        if token is None or not token.startswith(MARK):
            return None
        token_id = id_of(token)
        if token_id is None:
            raise refused()
        is_right = partial(is_token_of, token)
        found = self._holder(token_id, is_right, FRESH_SECONDS) or self._holder(
            token_id, is_right, SURE_SECONDS
        )
        if found is None:
            raise refused()
        return found

    def principal_of(self, token_id: str) -> Principal | None:
        """Find the principal of a token by its id, for callers that have proved in another way to act for it.

        Args:
            token_id: The public part of the token.

        Returns:
            The principal; None if there is no such token, or it is no longer valid.

        Raises:
            ServerUnavailable: The tokens cannot be read from the database.
        """
        return self._holder(token_id, _is_proved, FRESH_SECONDS)

    def close(self) -> None:
        """Write the last times of use, and stop."""
        self._ends.set()
        self._thread.join()

    def _holder(self, token_id: str, is_right: Callable[[str], bool], seconds: float) -> Principal | None:
        """The principal of a token; None if it is invalid, after the same time whatever is wrong with it.

        Args:
            token_id: Its id.
            is_right: Returns whether a digest is that of the token.
            seconds: The most that the loaded tokens may be old.
        """
        stored, principal = self._current(seconds).tokens.get(token_id, (None, None))
        holds = is_right(NO_DIGEST if stored is None else stored.digest)
        now = datetime.now(UTC)
        if stored is None or not holds or not stored.holds_at(now):
            return None
        self._used[token_id] = now
        return principal

    def _current(self, seconds: float) -> _Known:
        """The tokens, at most so many seconds old; a little more if the database is slow."""
        known, asked = self._known, time.monotonic()
        if known.age < seconds:
            return known
        if seconds == FRESH_SECONDS and known.age < STALE_SECONDS:
            self._reading.begin()
            return known
        try:
            while self._known.read_at < asked - seconds:  # at most twice: one may have begun too early
                self._reading.begin()
                self._reading.join()
        except (DatabaseError, VxDataError, TimeoutError) as error:
            msg = "The database does not tell which tokens hold; try again."
            raise ServerUnavailable(msg) from error
        return self._known

    def _read(self) -> None:
        begun = time.monotonic()
        with (
            self._database.connection(Lane.PRIVATE, wait=WAIT_SECONDS) as connection,
            self._monitor.watching(connection, lambda: time.monotonic() > begun + WAIT_SECONDS),
        ):
            rows = connection.rows(statements.HOLDING)
        stored = [each for row in rows if (each := self._readable(row)) is not None]
        tokens = {
            each.id: (each, Principal(each.name, each.role, each.grants, HOW, each.id)) for each in stored
        }
        self._known = _Known(tokens, begun)

    def _readable(self, row: dict[str, Any]) -> StoredToken | None:
        """Read a row; skip one that a later version has written, so that the other tokens still work."""
        try:
            return StoredToken.from_row(row)
        except ValueError as error:  # such as a grant or a role that this version does not have
            if row["name"] not in self._unreadable:
                self._unreadable.add(row["name"])
                log.warning("token_unreadable", name=row["name"], reason=type(error).__name__)
            return None

    def _note_uses(self) -> None:
        """Write from time to time when tokens were last used, in a thread of its own."""
        is_last = False
        while not is_last:
            is_last = self._ends.wait(USES_SECONDS)
            noted, self._used = self._used, {}
            if not noted:
                continue
            used = dict(noted)  # a call in progress may still add to the other one
            try:
                with self._database.connection(Lane.PRIVATE, wait=WAIT_SECONDS) as connection:
                    connection.execute(statements.note_uses(used))
            except (DatabaseError, VxDataError) as error:
                log.warning("token_uses_not_noted", tokens=len(used), reason=str(error))


def _is_proved(_: str) -> bool:
    """Accept any digest: the caller has proved in another way to act for the holder of the token."""
    return True
