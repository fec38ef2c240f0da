"""Waiting for a condition, with a deadline and a word to the user when it takes long."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeAlias

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
) -> bool:
    """Poll a condition until it holds or the time is over.

    Args:
        condition: asked again and again; may raise to end the waiting.
        timeout: seconds.
        every: seconds between two questions.
        progress: told ``message`` after one second, then every five.
        message: what is being waited for.

    Returns:
        Whether the condition held in time.
    """
    began = time.monotonic()
    next_word = _FIRST_WORD_AFTER
    while not condition():
        waited = time.monotonic() - began
        if waited > timeout:
            return False
        if progress is not None and waited > next_word:
            progress(f"{message} ({waited:.0f} s)")
            next_word += _NEXT_WORD_AFTER
        time.sleep(every)
    return True
