"""The tokens that a server knows: all that hold, kept in memory and read anew every second.

So a revoked token holds for two seconds at most, on every server. What is about to be refused is looked at
more closely, as a new token is wanted at once: then what is known may be a tenth of a second old. That holds
for whatever is wrong with a token, so the time tells nobody what it is; and however many are tried, the
database is asked ten times a second at most. A thread of its own asks: callers with a token that is known
wait for it only where the database has not answered for two seconds.
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
"""For how long nobody asks the database again."""

SURE_SECONDS: Final = 0.1
"""Before a token is refused, the database is asked again if what is known is older than that."""

STALE_SECONDS: Final = 2.0
"""For how long callers go on with what is known while the database is asked."""

WAIT_SECONDS: Final = 10.0
"""How long that may take: then the question is given up, and so are the calls that wait for it."""

USES_SECONDS: Final = 60.0
"""How often is written when tokens were used."""

HOW: Final = "token"
"""By what principals of tokens are known."""

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
        monitor: Ends what the database does not answer in time.
    """

    def __init__(self, database: ConnectionPool, monitor: CancellationMonitor) -> None:
        """Begin with no token known; the first caller has them read."""
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
        """Tell whose token a call presents.

        Args:
            presented: What the call shows.

        Returns:
            The principal of the token; None if it shows none of this kind.

        Raises:
            NotAuthenticated: The token is malformed, unknown, expired or revoked.
            ServerUnavailable: The database does not tell which tokens there are.
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
        """Tell whose token has an id, for those who have proved that its holder sent them.

        Args:
            token_id: The part of the token that may be seen.

        Returns:
            The principal; None if there is no such token, or it holds no longer.

        Raises:
            ServerUnavailable: The database does not tell which tokens there are.
        """
        return self._holder(token_id, _is_proved, FRESH_SECONDS)

    def close(self) -> None:
        """Write down the last uses, and stop."""
        self._ends.set()
        self._thread.join()

    def _holder(self, token_id: str, is_right: Callable[[str], bool], seconds: float) -> Principal | None:
        """Who has a token, if it holds; to find that out takes equally long for all that do not.

        Args:
            token_id: Its id.
            is_right: Tells of a digest whether it is that of the token.
            seconds: How old what is known may be.
        """
        stored, principal = self._current(seconds).tokens.get(token_id, (None, None))
        holds = is_right(NO_DIGEST if stored is None else stored.digest)
        now = datetime.now(UTC)
        if stored is None or not holds or not stored.holds_at(now):
            return None
        self._used[token_id] = now
        return principal

    def _current(self, seconds: float) -> _Known:
        """All tokens as they were some seconds ago at most, or a little longer if the database is slow."""
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
        """Read a row; one that a later version has written is unknown here, and locks nobody else out."""
        try:
            return StoredToken.from_row(row)
        except ValueError as error:  # such as a grant or a role that this version does not have
            if row["name"] not in self._unreadable:
                self._unreadable.add(row["name"])
                log.warning("token_unreadable", name=row["name"], reason=type(error).__name__)
            return None

    def _note_uses(self) -> None:
        """Write down from time to time which tokens were used; nobody waits for it."""
        is_last = False
        while not is_last:
            is_last = self._ends.wait(USES_SECONDS)
            noted, self._used = self._used, {}
            if not noted:
                continue
            used = dict(noted)  # a caller that is on its way may still add to the other
            try:
                with self._database.connection(Lane.PRIVATE, wait=WAIT_SECONDS) as connection:
                    connection.execute(statements.note_uses(used))
            except (DatabaseError, VxDataError) as error:
                log.warning("token_uses_not_noted", tokens=len(used), reason=str(error))


def _is_proved(_: str) -> bool:
    """Take any digest: who asks has a proof that the holder of the token sent them."""
    return True
