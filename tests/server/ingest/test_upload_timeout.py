"""Upload timeouts: what an upload holds is released in time, once, and never while it is in use."""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING

import pytest

from tests.server.support import until
from vxdata.schemas.errors import IncompleteUpload, NotAllowed
from vxdata.server.ingest.upload_timeout import UploadTimeout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.server.database.monitor import CancellationMonitor

LONG = 600.0
SHORT = 0.05


class Held:
    """What an upload holds; it counts its releases."""

    def __init__(self) -> None:
        self.releases: list[threading.Thread] = []

    def release(self) -> None:
        self.releases.append(threading.current_thread())


@pytest.fixture
def held() -> Held:
    """Something to hold."""
    return Held()


def arriving(inbox: queue.SimpleQueue[int | None]) -> Iterator[int]:
    """Block until the next item is sent, as an upload does."""
    while (item := inbox.get()) is not None:
        yield item


def test_what_arrives_in_time_is_passed_on(monitor: CancellationMonitor, held: Held) -> None:
    timeout = UploadTimeout(held.release, LONG, LONG)
    with monitor.watching(timeout, timeout.is_late):
        assert list(timeout.limited(iter([1, 2, 3]))) == [1, 2, 3]
        assert list(timeout.limited(iter([]))) == []
    assert held.releases == []


@pytest.mark.parametrize("last", [1, None], ids=["an item", "the end"])
@pytest.mark.parametrize(
    ("idle", "total", "message"),
    [
        (SHORT, LONG, "The upload was silent for 0.05 seconds; nothing was written."),
        (LONG, SHORT, "The upload took more than 0.05 seconds; nothing was written."),
    ],
    ids=["silent", "slow"],
)
def test_it_is_released_while_the_wait_goes_on(
    monitor: CancellationMonitor, held: Held, last: int | None, idle: float, total: float, message: str
) -> None:
    inbox: queue.SimpleQueue[int | None] = queue.SimpleQueue()
    timeout = UploadTimeout(held.release, idle, total)
    seen: list[int] = []
    failures: list[str] = []

    def limited() -> None:
        try:
            with monitor.watching(timeout, timeout.is_late):
                seen.extend(timeout.limited(arriving(inbox)))
        except IncompleteUpload as refused:
            failures.append(str(refused))

    waiting = threading.Thread(target=limited)
    waiting.start()
    until(lambda: held.releases, "it has been released")
    assert held.releases != [waiting]
    assert waiting.is_alive()
    inbox.put(last)
    waiting.join()
    assert failures == [message]
    assert seen == []
    assert len(held.releases) == 1


def test_an_upload_that_trickles_ends_too(monitor: CancellationMonitor, held: Held) -> None:
    """Each of its waits is short."""

    def trickle() -> Iterator[int]:
        while True:
            time.sleep(SHORT / 5)
            yield 1

    timeout = UploadTimeout(held.release, LONG, 5 * SHORT)
    with (
        monitor.watching(timeout, timeout.is_late),
        pytest.raises(IncompleteUpload, match=r"took more than 0\.25 seconds"),
    ):
        for _ in timeout.limited(trickle()):
            pass
    assert len(held.releases) == 1


def test_only_waits_are_timed(held: Held) -> None:
    timeout = UploadTimeout(held.release, SHORT, LONG)
    for _ in timeout.limited(iter([1])):
        # Using what is held may take as long as it wants, far beyond the limit of a wait.
        time.sleep(5 * SHORT)
        assert not timeout.is_late()
        timeout.cancel()
    assert held.releases == []


def test_a_cancel_that_comes_late_finds_another_wait(held: Held) -> None:
    def arrive() -> Iterator[int]:
        yield 1
        timeout._waiting_since -= 2 * LONG
        late.append(timeout.is_late())
        yield 2
        timeout.cancel()
        yield 3

    late: list[bool] = []
    timeout = UploadTimeout(held.release, LONG, LONG)
    assert list(timeout.limited(arrive())) == [1, 2, 3]
    assert late == [True]
    assert held.releases == []


def test_failures_of_what_arrives_come_through(held: Held) -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise NotAllowed("no")

    timeout = UploadTimeout(held.release, LONG, LONG)
    with pytest.raises(NotAllowed):
        list(timeout.limited(broken()))
    assert not timeout.is_late()
    assert held.releases == []
