"""Retries of calls that are safe to repeat: reads, and writes with an idempotency key."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from vxdata.schemas.errors import QuotaExceeded, ServerUnavailable
from vxdata.sdk._transport.notice import NOTICE_SECONDS, log

if TYPE_CHECKING:
    from collections.abc import Callable

Answer = TypeVar("Answer")

RETRY_SECONDS: Final = (0.1, 0.5, 2.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0)
"""Seconds to wait before each further try: in all, long enough for a server to restart."""

RETRY_LIMIT: Final = 45.0
"""Seconds after the first try in which another one may begin, by default."""

FIRST_CONTACT_SECONDS: Final = 8.0
"""The same for a client that has not reached its server yet: the address may be wrong."""


@dataclass
class Retries:
    """How long the calls of a transport are retried, and whether its server has been reached.

    Args:
        seconds: Seconds after the first try in which another one may begin.
        has_answered: Whether the server has ever answered a call.
    """

    seconds: float
    has_answered: bool = False

    @property
    def limit(self) -> float:
        """The seconds in force: fewer until the server has answered once."""
        return self.seconds if self.has_answered else min(self.seconds, FIRST_CONTACT_SECONDS)


class Retried(Protocol):
    """A transport whose calls are retried."""

    retries: Retries


def _always() -> bool:
    """Return true: the call may always be repeated."""
    return True


def _stated_wait(error: ServerUnavailable | QuotaExceeded) -> float:
    """The seconds to wait that the server has stated (`retry_after`); 0 if it has stated none."""
    stated = error.details.get("retry_after", 0)
    return stated if isinstance(stated, int | float) else 0.0


def retry_read(
    ask: Callable[[], Answer], transport: Retried, may_repeat: Callable[[], bool] = _always
) -> Answer:
    """Make a call; retry it for a limited time while the server is unavailable or a quota is used up.

    Args:
        ask: Makes the call, which must be safe to repeat.
        transport: The transport of the call, which knows the limit.
        may_repeat: Returns whether the call can be repeated once more.

    Returns:
        The result of the call.

    Raises:
        ServerUnavailable: The server was unavailable at the last try too.
        QuotaExceeded: The caller would have to wait beyond the limit.
    """
    retries, begin = transport.retries, time.monotonic()
    for number, seconds in enumerate(RETRY_SECONDS):
        try:
            answer = ask()
        except (ServerUnavailable, QuotaExceeded) as error:
            wait = max(seconds, _stated_wait(error))
            waited = time.monotonic() - begin
            if waited + wait > retries.limit or not may_repeat():
                raise
            if waited + wait > NOTICE_SECONDS:
                log.warning("%s Trying again in %g s (try %d).", error.message, wait, number + 2)
            time.sleep(wait)
        else:
            retries.has_answered = True
            return answer
    return ask()
