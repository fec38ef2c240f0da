"""Waiting for a condition, with a deadline and a word to the user when it takes long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeAlias

from vxdata.server.embedded.errors import StartCancelled

Progress: TypeAlias = Callable[[str], None]
"""Receives one human sentence about what the start is doing."""

_FIRST_WORD_AFTER = 1.0
_NEXT_WORD_AFTER = 5.0


def wait_until(
    condition: Callable[[], bool],
    *,
    timeout: float,
    every: float = 0.02,
    progress: Progress | None = None,
    message: str = "",
    stopping: threading.Event | None = None,
) -> bool:
    """Poll a condition until it holds or the time is over.

    Args:
        condition: asked again and again; may raise to end the waiting.
        timeout: seconds.
        every: seconds between two questions.
        progress: told ``message`` after one second, then every five.
        message: what is being waited for.
        stopping: ends the waiting when it is set.

    Returns:
        Whether the condition held in time.

    Raises:
        StartCancelled: ``stopping`` was set before the condition held.
    """
    stopping = threading.Event() if stopping is None else stopping
    began = time.monotonic()
    next_word = _FIRST_WORD_AFTER
    while not condition():
        waited = time.monotonic() - began
        if waited > timeout:
            return False
        if progress is not None and waited > next_word:
            progress(f"{message} ({waited:.0f} s)")
            next_word += _NEXT_WORD_AFTER
        if stopping.wait(every):
            raise StartCancelled(message)
    return True
