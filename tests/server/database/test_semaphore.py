"""FairSemaphore: bounded, first come first served, and no place is ever lost."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from functools import partial

import pytest

from tests.server.support import until
from vxdata.server.database.semaphore import FairSemaphore


def test_as_many_as_there_are_places() -> None:
    semaphore = FairSemaphore(2)
    with semaphore.acquire(0) as first, semaphore.acquire(0) as second, semaphore.acquire(0) as third:
        assert (first, second, third) == (True, True, False)
    with semaphore.acquire(0) as again, semaphore.acquire(0) as and_again:
        assert again
        assert and_again


def has_queued(semaphore: FairSemaphore, count: int) -> bool:
    return semaphore.waiters == count


def test_served_in_the_order_of_coming() -> None:
    semaphore = FairSemaphore(1)
    served: list[int] = []

    def wait(number: int) -> None:
        with semaphore.acquire(60) as admitted:
            assert admitted
            served.append(number)

    threads = [threading.Thread(target=wait, args=(number,)) for number in range(8)]
    with semaphore.acquire(0):
        for number, thread in enumerate(threads):
            thread.start()
            until(partial(has_queued, semaphore, number + 1), "the thread has queued")
    for thread in threads:
        thread.join()
    assert served == list(range(8))


def test_a_newcomer_does_not_overtake() -> None:
    semaphore = FairSemaphore(1)
    with semaphore.acquire(0):
        waiter = threading.Thread(target=lambda: semaphore.acquire(60).__enter__())
        waiter.start()
        until(lambda: semaphore.waiters, "the waiter has queued")
    # The place was handed to the waiter at once, whether or not its thread has run since.
    with semaphore.acquire(0) as newcomer:
        assert not newcomer
    waiter.join()


def test_a_place_survives_whatever_happens_in_the_block() -> None:
    semaphore = FairSemaphore(1)
    for error in (ValueError, KeyboardInterrupt, GeneratorExit):
        with pytest.raises(error), semaphore.acquire(0):
            raise error
    with semaphore.acquire(0) as admitted:
        assert admitted


def test_a_place_handed_over_to_one_that_gave_up_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    semaphore = FairSemaphore(1)
    handed = semaphore.acquire(0)

    def interrupted(event: threading.Event, timeout: float | None = None) -> bool:
        handed.__exit__(None, None, None)  # the place is passed to the waiter, who is interrupted just then
        raise KeyboardInterrupt

    handed.__enter__()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Event, "wait", interrupted)
        with pytest.raises(KeyboardInterrupt), semaphore.acquire(60):
            pass
    with semaphore.acquire(0) as admitted:
        assert admitted


@pytest.mark.parametrize(("size", "shares"), [(16, [8, 4, 2, 1, 1, 0]), (2, [1, 1, 0]), (1, [1, 0])])
def test_room_is_kept_for_the_next_caller(size: int, shares: list[int]) -> None:
    semaphore = FairSemaphore(size, keeps_room=True)
    with ExitStack() as held:
        for caller, share in enumerate(shares):
            taken = [held.enter_context(semaphore.acquire(0, str(caller))) for _ in range(size + 1)]
            assert taken == [True] * share + [False] * (size + 1 - share)
    with semaphore.acquire(0) as again:
        assert again


def test_the_server_itself_may_have_all_places() -> None:
    semaphore = FairSemaphore(2, keeps_room=True)
    with semaphore.acquire(0) as first, semaphore.acquire(0) as second, semaphore.acquire(0, "any") as third:
        assert (first, second, third) == (True, True, False)


def test_who_waits_for_room_gets_it_from_others() -> None:
    """A place that another caller gives back admits one whose share has grown by it."""
    semaphore = FairSemaphore(4, keeps_room=True)
    served = threading.Event()

    def wait() -> None:
        with semaphore.acquire(60, "many") as admitted:
            assert admitted
            served.set()

    waiter = threading.Thread(target=wait)
    with semaphore.acquire(0, "many"), ExitStack() as others:
        assert others.enter_context(semaphore.acquire(0, "other"))
        assert others.enter_context(semaphore.acquire(0, "third"))
        waiter.start()
        until(lambda: semaphore.waiters, "the waiter has queued")
        others.close()
        assert served.wait(60)
    waiter.join()
