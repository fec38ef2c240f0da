"""Turns: bounded, first come first served, and no place is ever lost."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from tests.server.support import until
from vxdata.server.database.semaphore import Turns


def test_as_many_as_there_are_places() -> None:
    turns = Turns(2)
    with turns.turn(0) as first, turns.turn(0) as second, turns.turn(0) as third:
        assert (first, second, third) == (True, True, False)
    with turns.turn(0) as again, turns.turn(0) as and_again:
        assert again
        assert and_again


def has_queued(turns: Turns, count: int) -> bool:
    return len(turns._waiting) == count


def test_served_in_the_order_of_coming() -> None:
    turns = Turns(1)
    served: list[int] = []

    def wait(number: int) -> None:
        with turns.turn(60) as admitted:
            assert admitted
            served.append(number)

    threads = [threading.Thread(target=wait, args=(number,)) for number in range(8)]
    with turns.turn(0):
        for number, thread in enumerate(threads):
            thread.start()
            until(partial(has_queued, turns, number + 1), "the thread has queued")
    for thread in threads:
        thread.join()
    assert served == list(range(8))


def test_a_newcomer_does_not_overtake() -> None:
    turns = Turns(1)
    with turns.turn(0):
        waiter = threading.Thread(target=lambda: turns.turn(60).__enter__())
        waiter.start()
        until(lambda: turns._waiting, "the waiter has queued")
    # The place was handed to the waiter at once, whether or not its thread has run since.
    with turns.turn(0) as newcomer:
        assert not newcomer
    waiter.join()


def test_a_place_survives_whatever_happens_in_the_block() -> None:
    turns = Turns(1)
    for error in (ValueError, KeyboardInterrupt, GeneratorExit):
        with pytest.raises(error), turns.turn(0):
            raise error
    with turns.turn(0) as admitted:
        assert admitted


def test_a_place_handed_over_to_one_that_gave_up_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = Turns(1)
    handed = turns.turn(0)

    def interrupted(event: threading.Event, timeout: float | None = None) -> bool:
        handed.__exit__(None, None, None)  # the place is passed to the waiter, who is interrupted just then
        raise KeyboardInterrupt

    handed.__enter__()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Event, "wait", interrupted)
        with pytest.raises(KeyboardInterrupt), turns.turn(60):
            pass
    with turns.turn(0) as admitted:
        assert admitted
