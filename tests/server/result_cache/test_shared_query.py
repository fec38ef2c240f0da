"""Running answers: every reader gets all of it, whatever becomes of the others."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.server.result_cache.support import made, numbers
from tests.server.support import never, until
from vxdata.schemas.errors import RequestCancelled, RequestTimedOut, ServerUnavailable
from vxdata.server.database.errors import StatementCancelled
from vxdata.server.result_cache.shared_query import SEGMENT_BYTES, SharedQuery
from vxdata.server.result_cache.store import CacheStore

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    import pyarrow as pa

    from vxdata.server.result_cache.pending import PendingEntry

LARGE = SEGMENT_BYTES // 5
"""Bytes of a row's padding, so that two batches of three rows fill a segment."""


class Source:
    """Makes batches, and knows how far it got and how it ended.

    Args:
        count: How many.
        padding: Bytes of padding in each row.
        fails_at: The batch in whose place an error comes.
    """

    def __init__(self, count: int, *, padding: int = 0, fails_at: int | None = None) -> None:
        self.taken = 0
        self.is_over = False
        self._batches = made(count, padding=padding)
        self._fails_at = fails_at

    def run(self) -> Generator[pa.RecordBatch]:
        try:
            for each in self._batches:
                if self.taken == self._fails_at:
                    msg = "the disk under PostgreSQL failed"
                    raise OSError(msg)
                self.taken += 1
                yield each
        finally:
            self.is_over = True


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CacheStore]:
    """An empty shelf."""
    with closing(CacheStore(tmp_path / "result-cache", 1024**3)) as store:
        yield store


def begun(
    store: CacheStore, source: Source, **options: float
) -> tuple[SharedQuery, Iterator[pa.RecordBatch]]:
    """An answer with its first reader."""
    running = SharedQuery(never, **options)
    return running, running.begin(source.run(), store.begin_entry("key", 0, running))


def joined(running: SharedQuery) -> Iterator[pa.RecordBatch]:
    reader = running.join(never)
    assert reader is not None
    return reader


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.integers(0, 3), max_size=40), padding=st.sampled_from([0, LARGE]))
def test_all_readers_get_all_batches_in_whatever_order_they_ask(
    tmp_path: Path, steps: list[int], padding: int
) -> None:
    with closing(CacheStore(tmp_path / f"{id(steps)}", 1024**3)) as store:
        source = Source(7, padding=padding)
        running, first = begun(store, source)
        readers = [first, joined(running), joined(running), joined(running)]
        found: list[list[int]] = [[], [], [], []]
        for step in steps:
            found[step] += numbers(each for each in [next(readers[step], None)] if each is not None)
        whole = [got + numbers(reader) for got, reader in zip(found, readers, strict=True)]
        assert whole == [list(range(7))] * 4
        assert source.taken == 7


def test_nothing_is_fetched_before_somebody_asks(store: CacheStore) -> None:
    source = Source(7)
    running, first = begun(store, source)
    assert source.taken == 0
    next(first)
    other = joined(running)
    next(other)
    assert source.taken == 1
    assert numbers(other) == [1, 2, 3, 4, 5, 6]


def test_many_readers_at_once(store: CacheStore) -> None:
    source = Source(60, padding=LARGE // 8)
    running, first = begun(store, source)
    readers = [first, *(joined(running) for _ in range(15))]
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(numbers, readers)) == [list(range(60))] * 16
    assert source.taken == 60


def test_the_first_reader_may_leave(store: CacheStore) -> None:
    source = Source(5)
    running, first = begun(store, source)
    other = joined(running)
    next(first)
    del first
    assert not source.is_over
    assert numbers(other) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("taken", [0, 1, 5])
def test_the_last_reader_to_leave_ends_the_query(store: CacheStore, taken: int) -> None:
    source = Source(9, padding=LARGE)
    running, first = begun(store, source)
    other = joined(running)
    for _ in range(taken):
        next(first)
        next(other)
    if not taken:
        next(first)
    del first
    del other
    assert source.is_over
    assert running.join(never) is None
    assert store.in_flight("key") is None


def test_a_failure_reaches_every_reader_after_what_came_before_it(store: CacheStore) -> None:
    running, first = begun(store, Source(9, fails_at=2))
    other = joined(running)
    for reader in (first, other):
        assert numbers([next(reader), next(reader)]) == [0, 1]
        with pytest.raises(OSError, match="the disk under PostgreSQL failed"):
            next(reader)
    assert running.join(never) is None
    assert store.in_flight("key") is None


def test_readers_wait_for_the_one_that_fetches(store: CacheStore) -> None:
    asked, may_go_on = threading.Event(), threading.Event()

    def slow() -> Generator[pa.RecordBatch]:
        asked.set()
        assert may_go_on.wait(30)
        yield from made(2)

    running = SharedQuery(never)
    first = running.begin(slow(), store.begin_entry("key", 0, running))
    gone = False
    other, third = joined(running), running.join(lambda: gone)
    assert third is not None
    with ThreadPoolExecutor(3) as pool:
        fetching = pool.submit(numbers, first)
        assert asked.wait(30)
        waiting, leaving = pool.submit(numbers, other), pool.submit(numbers, third)
        gone = True
        with pytest.raises(RequestCancelled):
            leaving.result(30)
        assert not waiting.done()
        may_go_on.set()
        assert fetching.result(30) == waiting.result(30) == [0, 1]


def test_one_that_nobody_takes_is_ended(store: CacheStore) -> None:
    source = Source(5)
    running, first = begun(store, source, stall_limit=0.01)
    next(first)
    until(running.is_abandoned, "it is stalled")
    assert running.give_up()
    assert source.is_over
    with pytest.raises(RequestTimedOut, match=r"asked for within 0\.01 seconds"):
        next(first)
    assert running.join(never) is None


def test_one_whose_callers_have_gone_is_ended_and_cannot_be_joined(store: CacheStore) -> None:
    source, gone = Source(5), False
    running = SharedQuery(lambda: gone)
    first = running.begin(source.run(), store.begin_entry("key", 0, running))
    assert not running.is_abandoned()
    gone = True
    assert running.is_abandoned()
    assert running.join(never) is None
    assert running.give_up()
    with pytest.raises(StatementCancelled):
        next(first)


def test_one_that_outgrows_the_shelf_goes_on_for_whoever_is_ahead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vxdata.server.result_cache.shared_query.PATIENCE_SECONDS", 0.1)
    with closing(CacheStore(tmp_path / "small", 3 * SEGMENT_BYTES)) as store:
        running, first = begun(store, Source(12, padding=LARGE))
        other = joined(running)
        assert numbers(first) == list(range(12))
        with pytest.raises(ServerUnavailable, match="is too far behind the others"):
            list(other)
        assert [path.name for path in (tmp_path / "small").iterdir()] == ["lock"]
        assert store.begin_entry("key", 0, running) is None, "it is remembered as too large"


@pytest.mark.parametrize("limit", [3 * SEGMENT_BYTES, 1024])
def test_readers_side_by_side_all_end_when_nothing_is_kept(tmp_path: Path, limit: int) -> None:
    with closing(CacheStore(tmp_path / "small", limit)) as store:
        source = Source(30, padding=LARGE)
        running, first = begun(store, source)
        readers = [first, *(joined(running) for _ in range(7))]
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(numbers, readers)) == [list(range(30))] * 8
        assert source.taken == 30


def test_nobody_is_left_behind_by_a_fetch_that_began_while_the_answer_was_still_kept(tmp_path: Path) -> None:
    """The disk refuses while PostgreSQL is asked, so that what is in memory is all that the others have."""
    is_asked = threading.Event()

    class Slow(CacheStore):
        def reserve(self, entry: PendingEntry, size: int) -> None:
            assert is_asked.wait(30)
            super().reserve(entry, size)

    with closing(Slow(tmp_path / "small", 1024)) as store:
        running = SharedQuery(never)

        def refused_meanwhile() -> Generator[pa.RecordBatch]:
            for number, each in enumerate(made(3, padding=LARGE)):
                if number == 2:
                    is_asked.set()
                    until(lambda: store.in_flight("key") is None, "the answer is not kept any more")
                yield each

        first = running.begin(refused_meanwhile(), store.begin_entry("key", 0, running))
        other = joined(running)
        assert numbers(islice(first, 3)) == [0, 1, 2]
        assert numbers(other) == [0, 1, 2]


def test_a_reader_of_what_is_stored_keeps_the_query_going(store: CacheStore) -> None:
    """The fast reader has left; the slow one has not come to the end of what is there."""
    source = Source(30, padding=LARGE)
    running, first = begun(store, source, stall_limit=0.5)
    other = joined(running)
    for _ in range(20):
        next(first)
    del first
    idle = threading.Event()
    for _ in range(12):
        next(other)
        assert not idle.wait(0.1)
        assert not running.is_abandoned()
    assert len(numbers(other)) == 18


def test_a_query_that_fails_to_end_leaves_no_draft(store: CacheStore, tmp_path: Path) -> None:
    def stubborn() -> Generator[pa.RecordBatch]:
        try:
            yield from made(9, padding=LARGE)
        finally:
            msg = "the connection is gone"
            raise OSError(msg)

    running = SharedQuery(never)
    reader = running.begin(stubborn(), store.begin_entry("key", 0, running))
    for _ in range(5):
        next(reader)
    with pytest.raises(OSError, match="the connection is gone"):
        reader.close()  # type: ignore[attr-defined]
    assert store.in_flight("key") is None
    assert [path.name for path in (tmp_path / "result-cache").iterdir()] == ["lock"]


def test_an_interrupted_answer_is_not_taken_for_whole(store: CacheStore) -> None:
    def interrupted() -> Generator[pa.RecordBatch]:
        yield from made(2)
        raise KeyboardInterrupt

    running = SharedQuery(never)
    first = running.begin(interrupted(), store.begin_entry("key", 0, running))
    other = joined(running)
    with pytest.raises(KeyboardInterrupt):
        list(first)
    with pytest.raises(StatementCancelled):
        list(other)
    assert store.find("key") is None


def test_one_without_a_draft_keeps_one_batch() -> None:
    running = SharedQuery(never)
    reader = running.begin(Source(50, padding=LARGE).run(), None)
    assert numbers(reader) == list(range(50))
    assert running.join(never) is None
