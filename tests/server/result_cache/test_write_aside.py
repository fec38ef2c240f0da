"""Writing aside: slow readers lose no row and hold no connection while others wait for one."""

from __future__ import annotations

import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.server.result_cache.support import numbers
from tests.server.result_cache.test_shared_query import LARGE, Source
from tests.server.support import never, until
from vxdata.schemas.errors import RequestTimedOut
from vxdata.server.result_cache.monitored import StalledQuery
from vxdata.server.result_cache.shared_query import SEGMENT_BYTES, SharedQuery
from vxdata.server.result_cache.store import CacheStore
from vxdata.server.result_cache.write_aside import WriteAside
from vxdata.server.spool_space import SpoolSpace

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    import pyarrow as pa

    from vxdata.server.database.monitor import CancellationMonitor

COUNT = 23


def always() -> bool:
    """Tell that other callers wait."""
    return True


@pytest.fixture
def space(tmp_path: Path) -> SpoolSpace:
    """Space of this test's own."""
    return SpoolSpace(tmp_path)


@pytest.fixture(params=["cached", "not cached", "too large for the cache"])
def begun(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[Source, SharedQuery, Iterator[pa.RecordBatch]]]:
    """A query with a reader that has taken one batch."""
    limit = 3 * SEGMENT_BYTES if request.param == "too large for the cache" else 1024**3
    with closing(CacheStore(tmp_path / "cache", limit)) as store:
        source, query = Source(COUNT, padding=LARGE), SharedQuery(never)
        entry = None if request.param == "not cached" else store.begin_entry("key", 0, query)
        reader = query.begin(source.run(), entry)
        assert numbers([next(reader)]) == [0]
        yield source, query, reader


def test_the_rest_is_fetched_and_read_later(
    begun: tuple[Source, SharedQuery, Iterator[pa.RecordBatch]], space: SpoolSpace
) -> None:
    source, query, reader = begun
    WriteAside(space, always, 0).run(query)
    assert source.is_over
    assert source.taken == COUNT
    assert query.idle_seconds() == 0
    assert numbers(reader) == list(range(1, COUNT))


def test_the_space_is_free_again_once_it_is_read(space: SpoolSpace) -> None:
    query = SharedQuery(never)
    reader = query.begin(Source(COUNT, padding=LARGE).run(), None)
    next(reader)
    WriteAside(space, always, 0).run(query)
    assert space.used_bytes > SEGMENT_BYTES
    assert numbers(reader) == list(range(1, COUNT))
    del query, reader
    gc.collect()
    assert space.used_bytes == 0


def test_without_room_the_query_ends_and_says_so(tmp_path: Path) -> None:
    source, query = Source(COUNT, padding=LARGE), SharedQuery(never)
    reader = query.begin(source.run(), None)
    next(reader)
    WriteAside(SpoolSpace(tmp_path, 2 * SEGMENT_BYTES), always, 0).run(query)
    assert source.is_over
    assert source.taken < COUNT
    with pytest.raises(RequestTimedOut, match="no room to keep it") as caught:
        numbers(reader)
    assert caught.value.retryable


def test_only_what_has_waited_while_others_wait_or_for_very_long_is_due(
    begun: tuple[Source, SharedQuery, Iterator[pa.RecordBatch]], space: SpoolSpace
) -> None:
    _, query, _ = begun
    until(lambda: query.idle_seconds() > 0.01, "it has waited")
    assert StalledQuery(query, WriteAside(space, always, 0.01)).is_due()
    assert not StalledQuery(query, WriteAside(space, always, 60)).is_due()
    assert not StalledQuery(query, WriteAside(space, never, 0)).is_due()
    assert StalledQuery(query, WriteAside(space, never, 60, latest=0.01)).is_due()
    assert not StalledQuery(query, WriteAside(space, never, 0, latest=60)).is_due()


def test_waits_add_up(space: SpoolSpace) -> None:
    """A reader that takes a batch now and then holds its connection no longer than one that stops."""
    query = SharedQuery(never)
    reader = query.begin(Source(COUNT).run(), None)
    pause, total = threading.Event(), 0.0
    for _ in range(5):
        next(reader)
        assert query.idle_seconds() >= total
        total = query.idle_seconds()
        pause.wait(0.05)
    assert query.idle_seconds() > 0.2
    assert WriteAside(space, always, 0.2).is_due(query)


def test_one_at_a_time(space: SpoolSpace) -> None:
    entered, may_go_on = threading.Event(), threading.Event()

    class Slow(Source):
        def run(self) -> Generator[pa.RecordBatch]:
            for each in super().run():
                if self.taken == 2:
                    entered.set()
                    assert may_go_on.wait(30)
                yield each

    aside = WriteAside(space, always, 0)
    queries = [SharedQuery(never), SharedQuery(never)]
    readers = [query.begin(Slow(4).run(), None) for query in queries]
    assert [numbers([next(reader)]) for reader in readers] == [[0], [0]]
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(aside.run, queries[0])
        assert entered.wait(30)
        assert not aside.is_due(queries[1])
        aside.run(queries[1])
        assert queries[1].idle_seconds() > 0
        may_go_on.set()
        first.result(30)
    assert [numbers(reader) for reader in readers] == [[1, 2, 3], [1, 2, 3]]


@pytest.mark.parametrize("leaves", [True, False], ids=["leaves", "reads on"])
def test_a_reader_meanwhile(space: SpoolSpace, monitor: CancellationMonitor, *, leaves: bool) -> None:
    entered, may_go_on = threading.Event(), threading.Event()
    source = Source(COUNT)

    def slow() -> Generator[pa.RecordBatch]:
        with monitor.watching(stalled, stalled.is_due):  # as the stream of a plan does
            for each in source.run():
                if source.taken == 2:
                    entered.set()
                    assert may_go_on.wait(30)
                yield each

    query = SharedQuery(never)
    waiters: list[bool] = []
    stalled = StalledQuery(query, WriteAside(space, lambda: bool(waiters), 0))
    reader = query.begin(slow(), None)
    next(reader)
    waiters.append(True)
    assert entered.wait(30), "the monitor writes it aside"
    if leaves:
        reader.close()  # type: ignore[attr-defined]
        may_go_on.set()
        until(lambda: source.is_over, "the query has ended")
        assert source.taken < COUNT
    else:
        threading.Timer(0.2, may_go_on.set).start()
        assert numbers(reader) == list(range(1, COUNT))
        assert source.is_over
