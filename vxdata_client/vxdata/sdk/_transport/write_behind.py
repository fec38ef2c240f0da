"""Writing behind: what is sent over the network is sent by a thread of its own.

As in `read_ahead`, the C++ below pyarrow hears no signal while it waits. The caller's thread makes the items,
so that what the user's own code raises is raised where it was called, and waits in Python, which Ctrl-C ends
at once.
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
    """Ends a sending thread whose caller waits no more."""


class WriteBehind(Generic[Item, Answer]):
    """A call that another thread makes, with the items that it is given.

    Args:
        send: Makes the call. Where the items do not come to their end, they raise `GivenUp`.
    """

    def __init__(self, send: Callable[[Iterator[Item]], Answer]) -> None:
        """Begin the call."""
        self._call: _Call[Item, Answer] = _Call(send)
        HOLDERS.add(self._call)
        UNFINISHED.add(self._call)
        run_in_thread(self._call.run)

    def give(self, item: Item) -> bool:
        """Hand an item over, once there is room.

        Args:
            item: The item.

        Returns:
            Whether the call goes on; if not, `answer` tells how it ended.
        """
        return self._call.put(_Given(item))

    @property
    def is_taken(self) -> bool:
        """Whether the call has begun to take items, for which it needs a connection."""
        return self._call.is_taken

    def end(self) -> None:
        """Say that all items were given."""
        self._call.put(None)

    def answer(self, on_wait: Callable[[], None]) -> Answer:
        """Wait until the call has ended.

        Args:
            on_wait: Called now and then meanwhile.

        Returns:
            What it answers; what it raises is raised here.
        """
        while not self._call.answer.done():
            wait([self._call.answer], WAKE_SECONDS)
            on_wait()
        return self._call.answer.result()

    def give_up(self) -> None:
        """Wait no more. A call whose items have not all been given ends without its end."""
        self._call.is_given_up = True


def call_in_thread(ask: Callable[[], Answer], on_wait: Callable[[], None]) -> Answer:
    """Make a call in another thread, and wait for it in a way that Ctrl-C ends.

    Args:
        ask: Makes the call.
        on_wait: Called now and then meanwhile.

    Returns:
        What it answers; what it raises is raised here.
    """
    return WriteBehind[None, Answer](lambda _: ask()).answer(on_wait)


class _Given(Generic[Item]):
    """An item on its way; the end of the items is None."""

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
        """Hand over what comes next, unless the call has ended."""
        while not self.answer.done():
            try:
                self._items.put(given, timeout=WAKE_SECONDS)
            except queue.Full:
                continue
            return True
        return False

    def leave_to_parent(self) -> None:
        """In a forked child: the call and its thread are the parent's, and so are the locks of both."""
        self._items = queue.Queue()
        self.answer = Future()
        self.answer.set_exception(ForkedProcess("This call belongs to the process that began it."))

    def abandon(self, seconds: float = GRACE_SECONDS) -> None:
        """Let the call end without its end, and wait a while for it."""
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
