"""Threads that work for the calls of one application, divided fairly among callers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar, TypeVarTuple

import anyio
import anyio.to_thread

from vxdata.server.fair_places import FairPlaces, Waiter

if TYPE_CHECKING:
    from collections.abc import Callable

THREADS: Final = 64
"""Threads that work at a time, at most; more calls wait for their turn."""

Arguments = TypeVarTuple("Arguments")
Found = TypeVar("Found")


class CallThreads:
    """The threads of one application.

    A call can keep its thread for as long as its statement runs. So there is always a thread left for the
    next caller.
    """

    def __init__(self) -> None:
        """Begin with all of them free."""
        self._places = FairPlaces(THREADS, keeps_room=True)
        self._limiter = anyio.CapacityLimiter(THREADS)

    async def run(
        self, caller: str, function: Callable[[*Arguments], Found], *arguments: *Arguments
    ) -> Found:
        """Run a function in a thread, once there is one for the caller.

        Args:
            caller: The caller that the thread counts for.
            function: The function.
            arguments: Its arguments.

        Returns:
            What it returns.
        """
        waiter = Waiter(caller, admitted := anyio.Event())
        try:
            self._places.queue(waiter)
            await admitted.wait()
            return await anyio.to_thread.run_sync(function, *arguments, limiter=self._limiter)
        finally:
            # Also where the wait was cancelled: the place may have been handed over in the meantime.
            if self._places.leave(waiter):
                self._places.pass_on(caller)
