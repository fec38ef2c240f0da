"""The memory for bodies of requests that have not been answered yet, divided fairly among callers."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

from vxdata.schemas.errors import ServerBusy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BODIES: Final = 16
"""How many bodies of the largest size there is room for."""

SMALL_BYTES: Final = 64 * 1024
"""Bytes of each body that need no room: there are no more such than there may be calls."""


class BodyRoom:
    """The room for the bodies of one listener; it belongs to its event loop.

    A body is kept from its first bytes until its call is answered, and who sends one decides how long that
    takes. So no caller gets more than it leaves free for the next one.

    Args:
        body_bytes: Bytes of one body, at most.
    """

    def __init__(self, body_bytes: int) -> None:
        """Begin with all of it free."""
        self._free = BODIES * body_bytes
        self._held: Counter[str] = Counter()

    @contextmanager
    def body(self, caller: str) -> Iterator[Body]:
        """Begin a body, which gives its room back at the end of the block.

        Args:
            caller: The caller that it counts for.

        Yields:
            The body.
        """
        body = Body(SMALL_BYTES, partial(self._take, caller))
        try:
            yield body
        finally:
            self._take(caller, SMALL_BYTES - body.reserved)

    def _take(self, caller: str, size: int) -> None:
        held, free = self._held[caller] + size, self._free - size
        if size > 0 and held > free:
            msg = (
                "The bodies of requests in progress take the memory that there is for them; send fewer at a "
                "time, or smaller ones."
            )
            raise ServerBusy(msg)
        self._held[caller], self._free = held, free
        if not held:
            del self._held[caller]


class Body:
    """A body that arrives.

    Args:
        reserved: Bytes that it has room for.
        take: Takes room for more bytes, or raises.
    """

    def __init__(self, reserved: int, take: Callable[[int], None]) -> None:
        """Begin empty."""
        self.reserved = reserved
        self._take = take
        self._content = bytearray()

    def __len__(self) -> int:
        """Bytes that have arrived."""
        return len(self._content)

    def add(self, part: bytes) -> None:
        """Take bytes up.

        Raises:
            ServerBusy: There is no room for them.
        """
        while len(self) + len(part) > self.reserved:
            self._take(self.reserved)  # as much again: the bytes may move to where there is more memory
            self.reserved *= 2
        self._content += part

    def whole(self) -> bytes:
        """All of it, which takes the room that the parts had."""
        content, self._content = bytes(self._content), bytearray()
        return content
