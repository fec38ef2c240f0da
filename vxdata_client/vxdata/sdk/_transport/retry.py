"""Retries of what may be done again: reads, and writes that carry an idempotency key."""

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
"""Waits before each further try: long enough together for a server that is started again."""

RETRY_LIMIT: Final = 45.0
"""Seconds from the first try, within which another one may begin, unless the user says otherwise."""

FIRST_CONTACT_SECONDS: Final = 8.0
"""Seconds of retries of a client that has not reached its server yet: the address may be wrong."""


@dataclass
class Retries:
    """How long a transport's calls are tried again, and whether its server has been reached.

    Args:
        seconds: Seconds from the first try, within which another one may begin.
        has_answered: Whether the server has answered a call.
    """

    seconds: float
    has_answered: bool = False

    @property
    def limit(self) -> float:
        """The seconds that count now."""
        return self.seconds if self.has_answered else min(self.seconds, FIRST_CONTACT_SECONDS)


class Retried(Protocol):
    """What calls are tried again on: a transport."""

    retries: Retries


def _always() -> bool:
    """Whatever is asked may be asked again."""
    return True


def _told_to_wait(error: ServerUnavailable | QuotaExceeded) -> float:
    """The seconds after which the server has said that it answers again; 0 if it has not."""
    told = error.details.get("retry_after", 0)
    return told if isinstance(told, int | float) else 0.0


def retry_read(
    ask: Callable[[], Answer], transport: Retried, may_repeat: Callable[[], bool] = _always
) -> Answer:
    """Ask again while the server cannot be reached, or a quota is used up, for a limited time.

    Args:
        ask: What to do; it must be safe to do again.
        transport: The way to the server, which knows the limit.
        may_repeat: Whether it can be asked once more.

    Returns:
        Its answer.

    Raises:
        ServerUnavailable: The server could not be reached at the last try either.
        QuotaExceeded: The caller has to wait longer than calls are tried again.
    """
    retries, begin = transport.retries, time.monotonic()
    for number, seconds in enumerate(RETRY_SECONDS):
        try:
            answer = ask()
        except (ServerUnavailable, QuotaExceeded) as error:
            wait = max(seconds, _told_to_wait(error))
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
