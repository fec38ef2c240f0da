"""Workers: threads that are lent again. To start one takes about as long as to read a row."""

from __future__ import annotations

import atexit
import os
import queue
import threading
from typing import TYPE_CHECKING, Final, Protocol
from weakref import WeakSet

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_IDLE: Final = 8
"""Threads that wait for work at most; what more there are end with their work."""


GRACE_SECONDS: Final = 1.0
"""How long an abandoned call is waited for: to cancel one takes milliseconds."""

EXIT_SECONDS: Final = 5.0
"""The same when the process ends, which would crash before that: not every call can be cancelled."""


class Abandonable(Protocol):
    """A call that is made in a thread."""

    def abandon(self, seconds: float = GRACE_SECONDS) -> None:
        """End the call if it goes on, and wait a while until its thread has left it."""


def run_in_thread(work: Callable[[], None]) -> None:
    """Run something in another thread, which does not keep the process from ending.

    Args:
        work: What to do; it raises nothing.
    """
    try:
        worker = IDLE.pop()
    except IndexError:
        worker = _Worker()
    worker.give(work)


class _Worker:
    """A thread that does one thing after the other."""

    def __init__(self) -> None:
        """Start it."""
        self._given: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="vxdata-read", daemon=True).start()

    def give(self, work: Callable[[], None]) -> None:
        """Have it do something; it must be idle."""
        self._given.put(work)

    def _run(self) -> None:
        while True:
            self._given.get()()  # without a name: what is done must not stay alive for what comes next
            if len(IDLE) >= MAX_IDLE:
                return
            IDLE.append(self)


IDLE: Final[list[_Worker]] = []

UNFINISHED: Final[WeakSet[Abandonable]] = WeakSet()
"""The calls that may go on when the process ends."""


@atexit.register
def abandon_all() -> None:
    """End the calls that go on: a thread that returns from C++ to an ended interpreter aborts the process."""
    for call in list(UNFINISHED):
        call.abandon(EXIT_SECONDS)


def _after_fork() -> None:
    """No thread survives into a forked process."""
    IDLE.clear()
    UNFINISHED.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
