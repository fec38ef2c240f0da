"""Reading ahead: a thread of its own waits for the network.

The C++ code of pyarrow ignores signals while it waits, so Ctrl-C would have no effect until the server
answers. The caller's thread waits in Python for the other thread; Ctrl-C interrupts it at once, and it ends
the call.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from vxdata.schemas.errors import ForkedProcess
from vxdata.sdk._transport.processes import HOLDERS, keep_for_ever
from vxdata.sdk._transport.workers import GRACE_SECONDS, UNFINISHED, run_in_thread

Item = TypeVar("Item")

Cancel = Callable[[], None]
Source = Callable[[Callable[[Cancel], None]], Iterator[Item]]
"""Makes items. It is given a function, to be told what cancels the call as soon as there is one."""

ITEMS_AHEAD: Final = 2
"""Items that lie ready at most: one is fetched while another is used, and memory stays flat."""

WAKE_SECONDS: Final = 0.2
"""How often a waiting caller looks up: on Windows, Ctrl-C does not end a wait."""


def _nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True)
class _End:
    """The last thing that a thread hands over: how its source ended."""

    error: BaseException | None = None


class ReadAhead(Iterator[Item]):
    """An iterator over the items of a source, which another thread produces.

    Closing it early, dropping it, and Ctrl-C while it waits all cancel the call of the source.

    Args:
        source: Produces the items. Its exceptions are raised here.
        on_wait: Called from time to time while the caller waits.
        whole: Whether to return no item before all have arrived. A caller that needs all of them then waits
            once, not once per item.
    """

    def __init__(
        self, source: Source[Item], on_wait: Callable[[], None] = _nothing, *, whole: bool = False
    ) -> None:
        """Begin."""
        self._on_wait = on_wait
        self._next: Item | _End | None = None
        self._call = _Call(source, whole=whole)
        self._call.start()

    def is_ready(self, seconds: float) -> bool:
        """Wait a while for the next item, or for the end.

        Args:
            seconds: How long.

        Returns:
            Whether `next` answers at once.
        """
        if self._next is None:
            self._next = self._call.take(seconds)
        return self._next is not None

    def __next__(self) -> Item:
        """Wait for the next item."""
        try:
            while not self.is_ready(WAKE_SECONDS):
                self._on_wait()
        except BaseException:
            self.close()
            raise
        item, self._next = self._next, None
        if not isinstance(item, _End):
            assert item is not None  # noqa: S101 - it is ready
            return item
        self._next = _End()
        raise StopIteration if item.error is None else item.error

    def close(self) -> None:
        """Cancel the call, unless it has ended."""
        if not isinstance(self._next, _End):
            self._call.abandon()
            self._next = _End()

    def __del__(self) -> None:
        """Cancel the call if the iterator is dropped."""
        self.close()


class _Call(Generic[Item]):
    """A source in its thread; apart from `ReadAhead`, which the thread would keep alive.

    Args:
        source: Makes the items.
        whole: Whether nothing is handed out before everything is there.
    """

    def __init__(self, source: Source[Item], *, whole: bool) -> None:
        """Prepare the thread."""
        self._source = source
        self._ready: queue.SimpleQueue[Item | _End] | queue.Queue[Item | _End] = (
            queue.SimpleQueue() if whole else queue.Queue(ITEMS_AHEAD)
        )
        self._may_take = threading.Event()
        if not whole:
            self._may_take.set()
        self._is_abandoned = False
        self._cancel: Cancel | None = None
        self._has_ended = threading.Event()
        self._thread_id: int | None = None

    def start(self) -> None:
        """Begin."""
        HOLDERS.add(self)
        UNFINISHED.add(self)
        run_in_thread(self._run)

    def take(self, seconds: float) -> Item | _End | None:
        """Wait a while for what comes next."""
        if not self._may_take.wait(seconds):
            return None
        try:
            return self._ready.get(timeout=seconds)
        except queue.Empty:
            return None

    def leave_to_parent(self) -> None:
        """In a forked child: the call and its thread are the parent's."""
        if self._cancel is not None:
            keep_for_ever(self._cancel)
        self._cancel = None
        self._is_abandoned = True
        # Of the queue and the event, the parent's thread may hold the locks for ever.
        self._ready, self._may_take = queue.SimpleQueue(), threading.Event()
        self._ready.put(_End(ForkedProcess("This stream belongs to the process that began it.")))
        self._may_take.set()

    def abandon(self, seconds: float = GRACE_SECONDS) -> None:
        """End the call if it goes on, and the thread with it."""
        self._is_abandoned = True
        if self._cancel is None:
            return  # there is nothing to cancel yet; the thread will do so as soon as there is
        self._cancel()
        self._make_room()
        if self._thread_id != threading.get_ident():
            self._has_ended.wait(seconds)
        self._make_room()

    def _make_room(self) -> None:
        """Let the thread put down what it holds; then it looks whether it is still wanted."""
        self._may_take.set()
        while self.take(0) is not None:
            pass

    def _run(self) -> None:
        self._thread_id = threading.get_ident()
        try:
            self._hand_over()
        finally:
            self._has_ended.set()

    def _hand_over(self) -> None:
        try:
            for item in self._source(self._opened):
                if self._is_abandoned:
                    return
                self._ready.put(item)
            end = _End()
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            end = _End(error)
        if not self._is_abandoned:
            self._ready.put(end)
            self._may_take.set()

    def _opened(self, cancel: Cancel) -> None:
        """Remember what cancels the call; whichever thread comes second sees the mark of the other."""
        self._cancel = cancel
        if self._is_abandoned:
            cancel()
