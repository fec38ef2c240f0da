"""The shelf: within its bounds, across restarts, and never with anything that was purged."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.server.result_cache.support import batch, made, numbers
from tests.server.support import never, until
from vxdata.server.disk_guard import DiskGuard
from vxdata.server.folder_lock import FolderInUse
from vxdata.server.result_cache.pending import NotCached, PendingEntry
from vxdata.server.result_cache.shared_query import SEGMENT_BYTES, SharedQuery
from vxdata.server.result_cache.store import CacheStore, remove_files

if TYPE_CHECKING:
    import pyarrow as pa

MEGABYTE = 1024 * 1024
Opener = Callable[[Path, int], CacheStore]


@pytest.fixture
def opened() -> Iterator[Opener]:
    """Opens shelves; all are closed at the end."""
    with ExitStack() as shelves:
        yield lambda folder, limit: shelves.enter_context(closing(CacheStore(folder, limit)))


def keep(store: CacheStore, key: str, *, size: int = MEGABYTE, epoch: int = 0) -> None:
    """Compute an answer of three batches and about a size, and wait until it is kept."""
    store.note_purges(epoch)
    running = SharedQuery(never)
    entry = store.begin_entry(key, epoch, running)
    assert numbers(running.begin(made_of(size), entry)) == [0, 1, 2]
    until(lambda: store.in_flight(key) is None, "the answer is kept")


def made_of(size: int, count: int = 3) -> Generator[pa.RecordBatch]:
    yield from made(count, padding=size // count // 3)


def found(store: CacheStore, key: str) -> list[int] | None:
    kept = store.find(key)
    return None if kept is None else numbers(kept.read())


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"lock"}


def test_small_answers_stay_in_memory(opened: Opener, tmp_path: Path) -> None:
    store = opened(tmp_path, MEGABYTE)
    keep(store, "small", size=9000)
    assert found(store, "small") == [0, 1, 2]
    assert files(tmp_path) == set()


@pytest.mark.parametrize("size", [MEGABYTE, 2 * SEGMENT_BYTES])
def test_large_ones_survive_a_restart(opened: Opener, tmp_path: Path, size: int) -> None:
    store = opened(tmp_path, 1024**3)
    keep(store, "large", size=size)
    assert found(store, "large") == [0, 1, 2]
    store.close()
    again = opened(tmp_path, 1024**3)
    assert files(tmp_path) == {"large.result"}
    until(lambda: again.find("large"), "its bytes are checked")
    assert found(again, "large") == [0, 1, 2]


def test_the_least_recently_used_go_first_also_after_a_restart(opened: Opener, tmp_path: Path) -> None:
    store = opened(tmp_path, 5 * MEGABYTE)
    for key in ("a", "b", "c", "d"):
        keep(store, key)
    assert found(store, "a") is not None
    keep(store, "e")
    assert files(tmp_path) == {"a.result", "c.result", "d.result", "e.result"}
    assert found(store, "c") is not None
    store.close()
    again = opened(tmp_path, 4 * MEGABYTE)
    keep(again, "f")
    assert files(tmp_path) == {"c.result", "e.result", "f.result"}
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 4 * MEGABYTE


def test_a_reader_goes_on_when_its_answer_is_removed(opened: Opener, tmp_path: Path) -> None:
    store = opened(tmp_path, 1024**3)
    keep(store, "a", size=2 * SEGMENT_BYTES)
    kept = store.find("a")
    assert kept is not None
    reader = kept.read()
    next(reader)
    store.drop("a")
    assert files(tmp_path) == set()
    assert numbers(reader) == [1, 2]


def test_what_was_left_half_written_is_removed(opened: Opener, tmp_path: Path) -> None:
    (tmp_path / "half.part").write_bytes(b"half")
    opened(tmp_path, MEGABYTE)
    assert files(tmp_path) == set()


def test_a_file_that_is_not_whole_is_removed(opened: Opener, tmp_path: Path) -> None:
    store = opened(tmp_path, 1024**3)
    keep(store, "a")
    keep(store, "b")
    store.close()
    (tmp_path / "a.result").rename(tmp_path / "c.result")
    os.truncate(tmp_path / "b.result", 1000)
    again = opened(tmp_path, 1024**3)
    assert files(tmp_path) == set()
    assert again.find("a") is again.find("b") is again.find("c") is None


def test_bytes_that_changed_meanwhile_are_never_read(opened: Opener, tmp_path: Path) -> None:
    store = opened(tmp_path, 1024**3)
    keep(store, "a")
    keep(store, "b")
    store.close()
    content = bytearray((tmp_path / "a.result").read_bytes())
    content[MEGABYTE // 2] ^= 1
    (tmp_path / "a.result").write_bytes(content)
    again = opened(tmp_path, 1024**3)
    until(lambda: again.find("b"), "the sound one is checked")
    until(lambda: files(tmp_path) == {"b.result"}, "the damaged one is removed")
    assert again.find("a") is None


def test_two_servers_do_not_share_a_folder(opened: Opener, tmp_path: Path) -> None:
    store = opened(tmp_path, MEGABYTE)
    with pytest.raises(FolderInUse, match="another server uses the folder"):
        opened(tmp_path, MEGABYTE)
    store.close()
    opened(tmp_path, MEGABYTE)


def test_a_purge_empties_memory_and_disk(opened: Opener, tmp_path: Path) -> None:
    store = opened(tmp_path, 1024**3)
    keep(store, "small", size=9000, epoch=4)
    keep(store, "large", epoch=4)
    store.note_purges(4)
    assert found(store, "small") == found(store, "large") == [0, 1, 2]
    store.note_purges(5)
    assert store.find("small") is store.find("large") is None
    assert files(tmp_path) == set()


def test_a_purge_by_another_server_after_a_restart(opened: Opener, tmp_path: Path) -> None:
    store = opened(tmp_path, 1024**3)
    keep(store, "large", epoch=4)
    store.close()
    again = opened(tmp_path, 1024**3)
    again.note_purges(4)
    until(lambda: again.find("large"), "its bytes are checked")
    assert found(again, "large") == [0, 1, 2]
    again.note_purges(6)
    assert files(tmp_path) == set()


@pytest.mark.parametrize("size", [9000, MEGABYTE])
def test_what_was_begun_before_a_purge_is_not_kept(opened: Opener, tmp_path: Path, size: int) -> None:
    store = opened(tmp_path, 1024**3)
    running = SharedQuery(never)
    reader = running.begin(made_of(size), store.begin_entry("a", 4, running))
    next(reader)
    store.note_purges(5)
    assert numbers(reader) == [1, 2]
    until(lambda: store.in_flight("a") is None, "it is dealt with")
    assert store.find("a") is None
    assert files(tmp_path) == set()


def test_a_disk_that_takes_nothing_does_not_disturb_the_reader(opened: Opener, tmp_path: Path) -> None:
    store = opened(tmp_path / "result-cache", 1024**3)
    (tmp_path / "result-cache" / "a.part").mkdir()  # no file can be made there
    running = SharedQuery(never)
    reader = running.begin(made_of(3 * SEGMENT_BYTES), store.begin_entry("a", 0, running))
    assert numbers(reader) == [0, 1, 2]
    assert store.find("a") is None
    assert store.in_flight("a") is None


def test_a_folder_of_another_database_is_emptied_and_used(opened: Opener, tmp_path: Path) -> None:
    store = opened(tmp_path, 1024**3)
    keep(store, "old", epoch=7)
    store.close()
    again = opened(tmp_path, 1024**3)
    keep(again, "new", epoch=0)
    assert files(tmp_path) == {"new.result"}
    assert found(again, "new") == [0, 1, 2]


def test_the_number_of_a_purge_may_come_twice(opened: Opener, tmp_path: Path) -> None:
    store = opened(tmp_path, 1024**3)
    for _ in range(2):
        store.note_purges(3)
    keep(store, "a", epoch=3)
    store.note_purges(3)
    assert found(store, "a") == [0, 1, 2]


def test_what_is_being_written_counts(opened: Opener, tmp_path: Path) -> None:
    """Six answers, each of which would fit alone."""
    limit = 4 * SEGMENT_BYTES
    store = opened(tmp_path, limit)
    readers = []
    for number in range(6):
        running = SharedQuery(never)
        readers.append(running.begin(made_of(2 * SEGMENT_BYTES), store.begin_entry(f"{number}", 0, running)))
    for _ in range(2):
        for reader in readers:
            next(reader)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= limit
    assert [numbers(reader) for reader in readers] == [[2]] * 6


def test_a_file_that_somebody_removed_while_it_was_written(opened: Opener, tmp_path: Path) -> None:
    store = opened(tmp_path, 1024**3)
    running = SharedQuery(never)
    reader = running.begin(made_of(8 * SEGMENT_BYTES // 5 * 3, 8), store.begin_entry("a", 0, running))
    assert numbers([next(reader) for _ in range(4)]) == [0, 1, 2, 3]
    (tmp_path / "a.part").unlink()
    assert numbers(reader) == [4, 5, 6, 7]
    assert store.find("a") is None
    assert store.in_flight("a") is None


def test_what_was_given_up_begins_no_file(opened: Opener, tmp_path: Path) -> None:
    """The readers leave after room was made for the first bytes, before there is a file."""
    store = opened(tmp_path, 1024**3)
    entry = store.begin_entry("a", 0, SharedQuery(never))
    assert entry is not None
    store.reserve(entry, MEGABYTE)
    entry.discard()
    with pytest.raises(NotCached, match="no caller reads the result any more"):
        store.create_file(entry)
    assert files(tmp_path) == set()


def test_what_is_given_up_while_it_is_written_is_kept_the_next_time(
    opened: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(tmp_path, 1024**3)
    entry = store.begin_entry("a", 0, SharedQuery(never))
    assert entry is not None
    entry.append([batch(0)])
    reserve = store.reserve

    def given_up_meanwhile(entry: PendingEntry, size: int) -> None:
        reserve(entry, size)
        entry.discard()

    monkeypatch.setattr(store, "reserve", given_up_meanwhile)
    with pytest.raises(NotCached, match="was removed while it was written"):
        entry.append([batch(1)])
    assert store.begin_entry("a", 0, SharedQuery(never)) is not None


def test_what_was_given_up_leaves_the_next_draft_of_its_key_alone(opened: Opener, tmp_path: Path) -> None:
    store = opened(tmp_path, 1024**3)
    first = store.begin_entry("a", 0, SharedQuery(never))
    assert first is not None
    first.append([batch(0)])
    first.discard()
    second = store.begin_entry("a", 0, SharedQuery(never))
    assert second is not None
    segment = second.append([batch(1)])
    first.discard()
    with pytest.raises(NotCached, match="no caller reads the result any more"):
        first.append([batch(2)])
    assert numbers(second.read(segment)) == [1]
    second.finish([segment], [])
    until(lambda: store.find("a"), "the second is kept")
    assert found(store, "a") == [1]


def test_nothing_is_written_after_a_purge(opened: Opener, tmp_path: Path) -> None:
    store = opened(tmp_path, 1024**3)
    store.note_purges(4)
    begun, waiting = (
        store.begin_entry("a", 4, SharedQuery(never)),
        store.begin_entry("b", 4, SharedQuery(never)),
    )
    assert begun is not None
    assert waiting is not None
    begun.append([batch(0)])
    store.note_purges(5)
    for entry in (begun, waiting):
        with pytest.raises(NotCached, match="resources were purged"):
            entry.append([batch(1)])
    assert files(tmp_path) == set()


def test_a_server_without_a_cache_removes_the_files_of_an_earlier_one(tmp_path: Path) -> None:
    folder = tmp_path / "shelf"
    with closing(CacheStore(folder, 64 * MEGABYTE)) as store:
        keep(store, "one")
        keep(store, "two")
    (folder / "three.part").write_bytes(b"x")
    (folder / "of the user").write_bytes(b"x")
    with closing(CacheStore(tmp_path / "other", MEGABYTE)), pytest.raises(FolderInUse):
        remove_files(tmp_path / "other")
    remove_files(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["lock", "of the user"]
    remove_files(tmp_path / "missing")


def test_a_disk_without_room_for_the_database_takes_nothing(tmp_path: Path) -> None:
    with closing(CacheStore(tmp_path / "full", 1024**3, DiskGuard(tmp_path, 2**62))) as store:
        running = SharedQuery(never)
        reader = running.begin(made_of(3 * SEGMENT_BYTES), store.begin_entry("a", 0, running))
        assert numbers(reader) == [0, 1, 2]
        until(lambda: store.in_flight("a") is None, "the entry is given up")
        assert store.find("a") is None
        assert files(tmp_path / "full") == set()
