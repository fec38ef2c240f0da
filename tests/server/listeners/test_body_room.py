"""The room for bodies: no caller gets more of it than it leaves free, and all comes back."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Final

import pytest

from vxdata.schemas.errors import ServerBusy
from vxdata.server.listeners.http.body_room import BODIES, SMALL_BYTES, BodyRoom

BODY_BYTES: Final = 1024**2
PART: Final = bytes(range(256)) * 256


@pytest.fixture
def room() -> BodyRoom:
    return BodyRoom(BODY_BYTES)


def fill(room: BodyRoom, held: ExitStack, caller: str) -> int:
    """Send bodies of the largest size until there is no room; tell how many got through."""
    for number in range(2 * BODIES):
        body = held.enter_context(room.body(caller))
        try:
            for _ in range(BODY_BYTES // len(PART)):
                body.add(PART)
        except ServerBusy:
            return number
    raise AssertionError


def test_each_caller_leaves_as_much_as_it_takes(room: BodyRoom) -> None:
    with ExitStack() as held:
        assert [fill(room, held, caller) for caller in "abcde"] == [8, 4, 2, 1, 0]
        small = held.enter_context(room.body("e"))
        small.add(bytes(SMALL_BYTES))  # those of this size always get through
    with ExitStack() as again:
        assert fill(room, again, "e") == BODIES // 2


def test_a_body_is_what_was_sent(room: BodyRoom) -> None:
    parts = [b"a", b"", PART, b"b" * 3, PART]
    with room.body("a") as body:
        for part in parts:
            body.add(part)
        assert len(body) == sum(map(len, parts))
        assert body.whole() == b"".join(parts)
