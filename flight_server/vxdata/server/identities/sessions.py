"""Sessions of browsers: a page presents its token once, and a cookie identifies it from then on.

A session stands for the credentials that it was opened with. Every call checks them again, so a session ends
with its token. Sessions are kept in the memory of one server, and end with it.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from vxdata.server.identities.authenticator import Presented

HOW: Final = "session"
"""By what the principals of sessions are known."""

SESSION_SECONDS: Final = 12 * 3600
"""How long a session lasts."""

MAX_SESSIONS: Final = 10_000
"""Sessions at a time, at most; the oldest ends first."""

MAX_EACH: Final = 20
"""Sessions of one principal at a time, at most: its oldest ends first, and nobody else's."""


@dataclass(frozen=True)
class _Session:
    presented: Presented = field(repr=False)
    owner: str
    ends: float


class Sessions:
    """The sessions of a server.

    Args:
        seconds: How long each lasts.
        most: Sessions at a time, at most.
        most_each: Sessions of one principal at a time, at most.
    """

    def __init__(
        self, seconds: float = SESSION_SECONDS, most: int = MAX_SESSIONS, most_each: int = MAX_EACH
    ) -> None:
        """Begin without one."""
        self._seconds = seconds
        self._most = most
        self._most_each = most_each
        self._lock = threading.Lock()
        self._open: OrderedDict[str, _Session] = OrderedDict()

    def open(self, presented: Presented, owner: str) -> str:
        """Open a session; if there are too many, the oldest ones end.

        Args:
            presented: The credentials that it stands for, which have been found valid.
            owner: Name of the principal whom they identify.

        Returns:
            Its identifier: 256 random bits, of which only a digest is kept.
        """
        name = secrets.token_urlsafe(32)
        with self._lock:
            self._drop_ended()
            self._open[_digest(name)] = _Session(presented, owner, time.monotonic() + self._seconds)
            own = [digest for digest, session in self._open.items() if session.owner == owner]
            for digest in own[: -self._most_each]:
                del self._open[digest]
            while len(self._open) > self._most:
                self._open.popitem(last=False)
        return name

    def presented(self, name: str) -> Presented | None:
        """Look up the credentials that a session stands for.

        Args:
            name: Its identifier.

        Returns:
            The credentials; None if there is no such session, or it has ended.
        """
        found = self._open.get(_digest(name))
        return None if found is None or found.ends <= time.monotonic() else found.presented

    def close(self, name: str) -> None:
        """End a session; one that is unknown changes nothing."""
        with self._lock:
            self._open.pop(_digest(name), None)

    def _drop_ended(self) -> None:
        """Forget sessions that have ended: they all last equally long, so the oldest ends first."""
        now = time.monotonic()
        while self._open and next(iter(self._open.values())).ends <= now:
            self._open.popitem(last=False)


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
