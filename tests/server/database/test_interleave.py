"""Merge: everything that the threads make arrives, and none of them outlives it."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.server.support import until
from vxdata.server.database.interleave import Interleaved

if TYPE_CHECKING:
    from collections.abc import Iterator


def numbers(begin: int) -> Iterator[int]:
    """A hundred numbers."""
    yield from range(begin, begin + 100)


def nothing_to_cancel() -> None:
    """No source waits for anything."""


def test_every_item_of_every_source_arrives_once() -> None:
    sources = [lambda begin=begin: numbers(begin) for begin in (0, 100, 200)]
    with closing(Interleaved(sources, nothing_to_cancel)) as merge:
        found = list(merge)
    assert sorted(found) == list(range(300))
    for begin in (0, 100, 200):
        assert [number for number in found if begin <= number < begin + 100] == list(numbers(begin))


def test_little_is_made_before_it_is_wanted() -> None:
    made = []

    def source() -> Iterator[int]:
        for number in range(50):
            made.append(number)
            yield number

    with closing(Interleaved([source, source], nothing_to_cancel)) as merge:
        until(lambda: len(made) == 4, "two lie ready, and two are in the threads' hands")
        next(merge)
        until(lambda: len(made) == 5, "one was made in the place of the one that was taken")
    assert len(made) == 5


def test_a_failure_is_raised_and_ends_the_others() -> None:
    has_ended = threading.Event()

    def endless() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            has_ended.set()

    def failing() -> Iterator[int]:
        yield 2
        msg = "the disk under PostgreSQL failed"
        raise OSError(msg)

    with closing(Interleaved([endless, failing], nothing_to_cancel)) as merge:
        with pytest.raises(OSError, match="the disk under PostgreSQL failed"):
            list(merge)
        assert has_ended.wait(30)
        with pytest.raises(OSError, match="the disk under PostgreSQL failed"):
            next(merge)


def test_closing_cancels_until_every_source_has_ended() -> None:
    """A cancel may come before there is anything to cancel, and is lost then."""
    asked: list[int] = []
    is_cancelled = threading.Event()

    def cancel() -> None:
        asked.append(1)
        if len(asked) == 3:
            is_cancelled.set()

    def waiting() -> Iterator[int]:
        yield 1
        assert is_cancelled.wait(30)
        yield 2

    merge = Interleaved([waiting], cancel)
    assert next(merge) == 1
    merge.close()
    assert len(asked) == 3


def test_what_ended_by_itself_is_not_cancelled() -> None:
    asked: list[int] = []
    merge = Interleaved([lambda: numbers(0)], lambda: asked.append(1))
    assert list(merge) == list(numbers(0))
    merge.close()
    assert not asked
