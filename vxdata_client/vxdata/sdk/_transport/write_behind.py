"""Writing behind: a thread of its own sends to the network what the caller's thread produces.

As in `read_ahead`, the C++ code of pyarrow ignores signals while it waits. So the caller's thread makes the
items, where exceptions of the user's own code belong, and waits in Python, which Ctrl-C interrupts at once.
"""

from __future__ import annotations

import queue
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, Generic, TypeVar

from vxdata.schemas.errors import ForkedProcess
from vxdata.sdk._transport.processes import HOLDERS
from vxdata.sdk._transport.read_ahead import ITEMS_AHEAD, WAKE_SECONDS
from vxdata.sdk._transport.workers import GRACE_SECONDS, UNFINISHED, run_in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class GivenUp(Exception):
    """Ends the sending thread after its caller has given up."""


class WriteBehind(Generic[Item, Answer]):
    """A call that another thread makes, with items that this thread hands over.

    Args:
        send: Makes the call. If the caller gives up before the end of the items, iterating over them raises
            `GivenUp`.
    """

    def __init__(self, send: Callable[[Iterator[Item]], Answer]) -> None:
        """Begin the call."""
        self._call: _Call[Item, Answer] = _Call(send)
        HOLDERS.add(self._call)
        UNFINISHED.add(self._call)
        run_in_thread(self._call.run)

    def give(self, item: Item) -> bool:
        """Hand an item over; this blocks until there is room.

        Args:
            item: The item.

        Returns:
            False if the call has ended already: then `answer` returns its result, or raises its error.
        """
        return self._call.put(_Given(item))

    @property
    def is_taken(self) -> bool:
        """Whether the call has begun to take items, which shows that it is connected."""
        return self._call.is_taken

    def end(self) -> None:
        """Mark the end of the items."""
        self._call.put(None)

    def answer(self, on_wait: Callable[[], None]) -> Answer:
        """Wait until the call has ended.

        Args:
            on_wait: Called from time to time while waiting.

        Returns:
            The result of the call. An exception of the call is raised here.
        """
        while not self._call.answer.done():
            wait([self._call.answer], WAKE_SECONDS)
            on_wait()
        return self._call.answer.result()

    def give_up(self) -> None:
        """Stop waiting. If items are missing, the call ends with `GivenUp`."""
        self._call.is_given_up = True


def call_in_thread(ask: Callable[[], Answer], on_wait: Callable[[], None]) -> Answer:
    """Make a call in another thread, and wait for it so that Ctrl-C can interrupt.

    Args:
        ask: Makes the call.
        on_wait: Called from time to time while waiting.

    Returns:
        The result of the call. An exception of the call is raised here.
    """
    return WriteBehind[None, Answer](lambda _: ask()).answer(on_wait)


class _Given(Generic[Item]):
    """An item in the queue, in which None marks the end."""

    __slots__ = ("item",)

    def __init__(self, item: Item) -> None:
        self.item = item


class _Call(Generic[Item, Answer]):
    """A call in its thread.

    Args:
        send: Makes the call.
    """

    def __init__(self, send: Callable[[Iterator[Item]], Answer]) -> None:
        self._send = send
        self._items: queue.Queue[_Given[Item] | None] = queue.Queue(ITEMS_AHEAD)
        self.answer: Future[Answer] = Future()
        self.is_given_up = False
        self.is_taken = False

    def put(self, given: _Given[Item] | None) -> bool:
        """Queue an item or the end; return whether the call was still running."""
        while not self.answer.done():
            try:
                self._items.put(given, timeout=WAKE_SECONDS)
            except queue.Full:
                continue
            return True
        return False

    def leave_to_parent(self) -> None:
        """In a forked child: let go of the call and its locks, which belong to the parent."""
        self._items = queue.Queue()
        self.answer = Future()
        self.answer.set_exception(ForkedProcess("This call belongs to the process that began it."))

    def abandon(self, seconds: float = GRACE_SECONDS) -> None:
        """Make the call end with `GivenUp`, and wait a while for it."""
        self.is_given_up = True
        wait([self.answer], seconds)

    def run(self) -> None:
        """Make the call."""
        try:
            self.answer.set_result(self._send(self._given()))
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            self.answer.set_exception(error)

    def _given(self) -> Iterator[Item]:
        while True:
            try:
                given = self._items.get(timeout=WAKE_SECONDS)
            except queue.Empty:
                if self.is_given_up:
                    raise GivenUp from None
                continue
            self.is_taken = True
            if given is None:
                return
            if self.is_given_up:
                raise GivenUp
            yield given.item
