"""The notice that a client is still waiting for a server that it has never heard of."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from vxdata.sdk._transport.retry import Retries

NOTICE_SECONDS: Final = 2.0
"""Seconds after which the user is told that the client waits, or tries again."""

log = logging.getLogger("vxdata.sdk")


class WaitNotice:
    """Tells the user once, after a while, what a call waits for.

    Once the server has responded to anything, a long wait is that of a long query, and nothing is said.

    Args:
        url: Address of the server.
        timeout: Seconds that the call may take; None for no limit.
        retries: Knows whether the server has responded.
    """

    def __init__(self, url: str, timeout: float | None, retries: Retries) -> None:
        """Begin to count."""
        self._url = url
        self._timeout = timeout
        self._retries = retries
        self._begin = time.monotonic()
        self._is_given = False

    def __call__(self) -> None:
        """Take notice that the call still waits."""
        waited = time.monotonic() - self._begin
        if self._is_given or self._retries.has_answered or waited < NOTICE_SECONDS:
            return
        self._is_given = True
        limit = (
            "without a limit; Client(timeout=…) sets one"
            if self._timeout is None
            else f"for up to {self._timeout:g} s"
        )
        log.warning("Waiting for %s, which has not responded for %.0f s: %s.", self._url, waited, limit)
