from __future__ import annotations

import itertools

import pytest

from vxdata.server.embedded.waiting import wait_until


def test_returns_at_once_when_the_condition_holds() -> None:
    told: list[str] = []
    assert wait_until(lambda: True, timeout=0, progress=told.append, message="x")
    assert told == []


def test_asks_again_until_it_holds() -> None:
    answers = itertools.chain([False, False], itertools.repeat(object=True))
    assert wait_until(lambda: next(answers), timeout=60, every=0)


def test_gives_up_and_tells_meanwhile() -> None:
    told: list[str] = []
    assert not wait_until(lambda: False, timeout=1.1, progress=told.append, message="S3 is starting")
    assert told == ["S3 is starting (1 s)"]


def test_the_condition_may_end_the_waiting() -> None:
    def fail() -> bool:
        raise LookupError

    with pytest.raises(LookupError):
        wait_until(fail, timeout=60)
