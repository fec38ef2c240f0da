"""Idle timeouts: what is held ends in time, exactly once, and never under the hands of who uses it."""

from __future__ import annotations

import queue
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.server.support import until
from vxdata.schemas.errors import IncompleteUpload, NotAllowed
from vxdata.server.ingest.idle_timeout import IdleTimeout

if TYPE_CHECKING:
    from collections.abc import Iterator

LONG = 600.0
SHORT = 0.05


class Held:
    """Something to hold; it tells what became of it."""

    def __init__(self) -> None:
        self.ends: list[type[BaseException] | None] = []
        self.ended_by: list[threading.Thread] = []

    @contextmanager
    def context(self) -> Iterator[Held]:
        error: type[BaseException] | None = None
        try:
            yield self
        except BaseException as raised:
            error = type(raised)
            raise
        finally:
            self.ends.append(error)
            self.ended_by.append(threading.current_thread())


def arriving(inbox: queue.SimpleQueue[int | None]) -> Iterator[int]:
    """What blocks until somebody sends the next item, as an upload does."""
    while (item := inbox.get()) is not None:
        yield item


def test_what_arrives_in_time_is_passed_on() -> None:
    with IdleTimeout(Held().context(), LONG) as timeout:
        assert list(timeout.limited(iter([1, 2, 3]))) == [1, 2, 3]
        assert list(timeout.limited(iter([]))) == []
    assert timeout.held.ends == [None]
    assert timeout.held.ended_by == [threading.current_thread()]


def test_no_timer_is_left() -> None:
    with IdleTimeout(Held().context(), LONG) as timeout:
        list(timeout.limited(iter(range(50))))
    until(
        lambda: not any(isinstance(thread, threading.Timer) for thread in threading.enumerate()),
        "the timers have ended",
    )
    assert timeout.held.ends == [None]


@pytest.mark.parametrize("last", [1, None], ids=["an item", "the end"])
def test_silence_ends_it_while_the_wait_goes_on(last: int | None) -> None:
    inbox: queue.SimpleQueue[int | None] = queue.SimpleQueue()
    held = Held()
    timeout = IdleTimeout(held.context(), SHORT)
    seen: list[int] = []

    failures: list[IncompleteUpload] = []

    def limited() -> None:
        try:
            with timeout:
                seen.extend(timeout.limited(arriving(inbox)))
        except IncompleteUpload as refused:
            failures.append(refused)

    waiting = threading.Thread(target=limited)
    waiting.start()
    until(lambda: held.ends, "it has ended")
    assert held.ends == [IncompleteUpload]
    assert held.ended_by != [waiting]
    assert waiting.is_alive()
    inbox.put(last)
    waiting.join()
    assert [str(failure) for failure in failures] == [
        "The upload was silent for 0.05 seconds; nothing was written."
    ]
    assert seen == []
    assert len(held.ends) == 1


def test_only_waits_are_timed() -> None:
    with IdleTimeout(Held().context(), SHORT) as timeout:
        for _ in timeout.limited(iter([1])):
            # Using what is held may take as long as it wants, far beyond the limit of a wait.
            beyond = threading.Event()
            threading.Timer(5 * SHORT, beyond.set).start()
            assert beyond.wait(LONG)
            assert timeout.held.ends == []
    assert timeout.held.ends == [None]


def test_a_timer_that_comes_late_finds_another_wait() -> None:
    waits: list[object] = []

    def arrive() -> int:
        waits.append(timeout._wait)
        if len(waits) > 1:
            timeout._end(waits[-2])
        return len(waits)

    with IdleTimeout(Held().context(), LONG) as timeout:
        items = timeout.limited(iter(arrive, None))
        assert (next(items), next(items)) == (1, 2)
        timeout._end(waits[1])
        assert timeout.held.ends == []
        assert next(items) == 3
    assert timeout.held.ends == [None]


def test_failures_of_what_arrives_come_through() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise NotAllowed("no")

    with pytest.raises(NotAllowed), IdleTimeout(Held().context(), LONG) as timeout:
        list(timeout.limited(broken()))
    assert timeout.held.ends == [NotAllowed]


def test_what_cannot_be_taken_is_not_held() -> None:
    @contextmanager
    def refusing() -> Iterator[None]:
        raise NotAllowed("no")
        yield

    with pytest.raises(NotAllowed), IdleTimeout(refusing(), LONG):
        pytest.fail("the block must not begin")
