"""Retries of what may be done again: reads, and writes that carry an idempotency key."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, TypeVar

from vxdata.schemas.errors import ServerUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

Answer = TypeVar("Answer")

RETRY_SECONDS: Final = (0.1, 0.5, 2.0, 5.0)
"""Waits before each further try: long enough together for a server that is started again."""


def retry_read(ask: Callable[[], Answer]) -> Answer:
    """Ask again while the server cannot be reached, a bounded number of times.

    Args:
        ask: What to do; it must be safe to do again.

    Returns:
        Its answer.

    Raises:
        ServerUnavailable: The server could not be reached at the last try either.
    """
    for wait in RETRY_SECONDS:
        try:
            return ask()
        except ServerUnavailable:
            time.sleep(wait)
    return ask()
