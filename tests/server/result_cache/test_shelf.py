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
from vxdata.server.result_cache.pending import CannotKeep, Draft
from vxdata.server.result_cache.shared_query import SEGMENT_BYTES, Running
from vxdata.server.result_cache.store import Shelf, ShelfInUse

if TYPE_CHECKING:
    import pyarrow as pa

MEGABYTE = 1024 * 1024
Opener = Callable[[Path, int], Shelf]


@pytest.fixture
def opened() -> Iterator[Opener]:
    """Opens shelves; all are closed at the end."""
    with ExitStack() as shelves:
        yield lambda folder, limit: shelves.enter_context(closing(Shelf(folder, limit)))


def keep(shelf: Shelf, key: str, *, size: int = MEGABYTE, epoch: int = 0) -> None:
    """Compute an answer of three batches and about a size, and wait until it is kept."""
    shelf.note_purges(epoch)
    running = Running(never)
    draft = shelf.draft(key, epoch, running)
    assert numbers(running.begin(made_of(size), draft)) == [0, 1, 2]
    until(lambda: shelf.on_its_way(key) is None, "the answer is kept")


def made_of(size: int, count: int = 3) -> Generator[pa.RecordBatch]:
    yield from made(count, padding=size // count // 3)


def found(shelf: Shelf, key: str) -> list[int] | None:
    kept = shelf.find(key)
    return None if kept is None else numbers(kept.read())


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"lock"}


def test_small_answers_stay_in_memory(opened: Opener, tmp_path: Path) -> None:
    shelf = opened(tmp_path, MEGABYTE)
    keep(shelf, "small", size=9000)
    assert found(shelf, "small") == [0, 1, 2]
    assert files(tmp_path) == set()


@pytest.mark.parametrize("size", [MEGABYTE, 2 * SEGMENT_BYTES])
def test_large_ones_survive_a_restart(opened: Opener, tmp_path: Path, size: int) -> None:
    shelf = opened(tmp_path, 1024**3)
    keep(shelf, "large", size=size)
    assert found(shelf, "large") == [0, 1, 2]
    shelf.close()
    again = opened(tmp_path, 1024**3)
    assert files(tmp_path) == {"large.answer"}
    until(lambda: again.find("large"), "its bytes are checked")
    assert found(again, "large") == [0, 1, 2]


def test_the_least_recently_used_go_first_also_after_a_restart(opened: Opener, tmp_path: Path) -> None:
    shelf = opened(tmp_path, 5 * MEGABYTE)
    for key in ("a", "b", "c", "d"):
        keep(shelf, key)
    assert found(shelf, "a") is not None
    keep(shelf, "e")
    assert files(tmp_path) == {"a.answer", "c.answer", "d.answer", "e.answer"}
    assert found(shelf, "c") is not None
    shelf.close()
    again = opened(tmp_path, 4 * MEGABYTE)
    keep(again, "f")
    assert files(tmp_path) == {"c.answer", "e.answer", "f.answer"}
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 4 * MEGABYTE


def test_a_reader_goes_on_when_its_answer_is_removed(opened: Opener, tmp_path: Path) -> None:
    shelf = opened(tmp_path, 1024**3)
    keep(shelf, "a", size=2 * SEGMENT_BYTES)
    kept = shelf.find("a")
    assert kept is not None
    reader = kept.read()
    next(reader)
    shelf.drop("a")
    assert files(tmp_path) == set()
    assert numbers(reader) == [1, 2]


def test_what_was_left_half_written_is_removed(opened: Opener, tmp_path: Path) -> None:
    (tmp_path / "half.part").write_bytes(b"half")
    opened(tmp_path, MEGABYTE)
    assert files(tmp_path) == set()


def test_a_file_that_is_not_whole_is_removed(opened: Opener, tmp_path: Path) -> None:
    shelf = opened(tmp_path, 1024**3)
    keep(shelf, "a")
    keep(shelf, "b")
    shelf.close()
    (tmp_path / "a.answer").rename(tmp_path / "c.answer")
    os.truncate(tmp_path / "b.answer", 1000)
    again = opened(tmp_path, 1024**3)
    assert files(tmp_path) == set()
    assert again.find("a") is again.find("b") is again.find("c") is None


def test_bytes_that_changed_meanwhile_are_never_read(opened: Opener, tmp_path: Path) -> None:
    shelf = opened(tmp_path, 1024**3)
    keep(shelf, "a")
    keep(shelf, "b")
    shelf.close()
    content = bytearray((tmp_path / "a.answer").read_bytes())
    content[MEGABYTE // 2] ^= 1
    (tmp_path / "a.answer").write_bytes(content)
    again = opened(tmp_path, 1024**3)
    until(lambda: again.find("b"), "the sound one is checked")
    until(lambda: files(tmp_path) == {"b.answer"}, "the damaged one is removed")
    assert again.find("a") is None


def test_two_servers_do_not_share_a_folder(opened: Opener, tmp_path: Path) -> None:
    shelf = opened(tmp_path, MEGABYTE)
    with pytest.raises(ShelfInUse, match="another server keeps its answers in"):
        opened(tmp_path, MEGABYTE)
    shelf.close()
    opened(tmp_path, MEGABYTE)


def test_a_purge_empties_memory_and_disk(opened: Opener, tmp_path: Path) -> None:
    shelf = opened(tmp_path, 1024**3)
    keep(shelf, "small", size=9000, epoch=4)
    keep(shelf, "large", epoch=4)
    shelf.note_purges(4)
    assert found(shelf, "small") == found(shelf, "large") == [0, 1, 2]
    shelf.note_purges(5)
    assert shelf.find("small") is shelf.find("large") is None
    assert files(tmp_path) == set()


def test_a_purge_by_another_server_after_a_restart(opened: Opener, tmp_path: Path) -> None:
    shelf = opened(tmp_path, 1024**3)
    keep(shelf, "large", epoch=4)
    shelf.close()
    again = opened(tmp_path, 1024**3)
    again.note_purges(4)
    until(lambda: again.find("large"), "its bytes are checked")
    assert found(again, "large") == [0, 1, 2]
    again.note_purges(6)
    assert files(tmp_path) == set()


@pytest.mark.parametrize("size", [9000, MEGABYTE])
def test_what_was_begun_before_a_purge_is_not_kept(opened: Opener, tmp_path: Path, size: int) -> None:
    shelf = opened(tmp_path, 1024**3)
    running = Running(never)
    reader = running.begin(made_of(size), shelf.draft("a", 4, running))
    next(reader)
    shelf.note_purges(5)
    assert numbers(reader) == [1, 2]
    until(lambda: shelf.on_its_way("a") is None, "it is dealt with")
    assert shelf.find("a") is None
    assert files(tmp_path) == set()


def test_a_disk_that_takes_nothing_does_not_disturb_the_reader(opened: Opener, tmp_path: Path) -> None:
    shelf = opened(tmp_path / "answers", 1024**3)
    (tmp_path / "answers" / "a.part").mkdir()  # no file can be made there
    running = Running(never)
    reader = running.begin(made_of(3 * SEGMENT_BYTES), shelf.draft("a", 0, running))
    assert numbers(reader) == [0, 1, 2]
    assert shelf.find("a") is None
    assert shelf.on_its_way("a") is None


def test_a_folder_of_another_database_is_emptied_and_used(opened: Opener, tmp_path: Path) -> None:
    shelf = opened(tmp_path, 1024**3)
    keep(shelf, "old", epoch=7)
    shelf.close()
    again = opened(tmp_path, 1024**3)
    keep(again, "new", epoch=0)
    assert files(tmp_path) == {"new.answer"}
    assert found(again, "new") == [0, 1, 2]


def test_the_number_of_a_purge_may_come_twice(opened: Opener, tmp_path: Path) -> None:
    shelf = opened(tmp_path, 1024**3)
    for _ in range(2):
        shelf.note_purges(3)
    keep(shelf, "a", epoch=3)
    shelf.note_purges(3)
    assert found(shelf, "a") == [0, 1, 2]


def test_what_is_being_written_counts(opened: Opener, tmp_path: Path) -> None:
    """Six answers, each of which would fit alone."""
    limit = 4 * SEGMENT_BYTES
    shelf = opened(tmp_path, limit)
    readers = []
    for number in range(6):
        running = Running(never)
        readers.append(running.begin(made_of(2 * SEGMENT_BYTES), shelf.draft(f"{number}", 0, running)))
    for _ in range(2):
        for reader in readers:
            next(reader)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= limit
    assert [numbers(reader) for reader in readers] == [[2]] * 6


def test_a_file_that_somebody_removed_while_it_was_written(opened: Opener, tmp_path: Path) -> None:
    shelf = opened(tmp_path, 1024**3)
    running = Running(never)
    reader = running.begin(made_of(8 * SEGMENT_BYTES // 5 * 3, 8), shelf.draft("a", 0, running))
    assert numbers([next(reader) for _ in range(4)]) == [0, 1, 2, 3]
    (tmp_path / "a.part").unlink()
    assert numbers(reader) == [4, 5, 6, 7]
    assert shelf.find("a") is None
    assert shelf.on_its_way("a") is None


def test_what_was_given_up_begins_no_file(opened: Opener, tmp_path: Path) -> None:
    """The readers leave after room was made for the first bytes, before there is a file."""
    shelf = opened(tmp_path, 1024**3)
    draft = shelf.draft("a", 0, Running(never))
    assert draft is not None
    shelf.reserve(draft, MEGABYTE)
    draft.discard()
    with pytest.raises(CannotKeep, match="nobody reads the answer any more"):
        shelf.create_file(draft)
    assert files(tmp_path) == set()


def test_what_is_given_up_while_it_is_written_is_kept_the_next_time(
    opened: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = opened(tmp_path, 1024**3)
    draft = shelf.draft("a", 0, Running(never))
    assert draft is not None
    draft.append([batch(0)])
    reserve = shelf.reserve

    def given_up_meanwhile(draft: Draft, size: int) -> None:
        reserve(draft, size)
        draft.discard()

    monkeypatch.setattr(shelf, "reserve", given_up_meanwhile)
    with pytest.raises(CannotKeep, match="was removed while it was written"):
        draft.append([batch(1)])
    assert shelf.draft("a", 0, Running(never)) is not None


def test_what_was_given_up_leaves_the_next_draft_of_its_key_alone(opened: Opener, tmp_path: Path) -> None:
    shelf = opened(tmp_path, 1024**3)
    first = shelf.draft("a", 0, Running(never))
    assert first is not None
    first.append([batch(0)])
    first.discard()
    second = shelf.draft("a", 0, Running(never))
    assert second is not None
    segment = second.append([batch(1)])
    first.discard()
    with pytest.raises(CannotKeep, match="nobody reads the answer any more"):
        first.append([batch(2)])
    assert numbers(second.read(segment)) == [1]
    second.finish([segment], [])
    until(lambda: shelf.find("a"), "the second is kept")
    assert found(shelf, "a") == [1]


def test_nothing_is_written_after_a_purge(opened: Opener, tmp_path: Path) -> None:
    shelf = opened(tmp_path, 1024**3)
    shelf.note_purges(4)
    begun, waiting = shelf.draft("a", 4, Running(never)), shelf.draft("b", 4, Running(never))
    assert begun is not None
    assert waiting is not None
    begun.append([batch(0)])
    shelf.note_purges(5)
    for draft in (begun, waiting):
        with pytest.raises(CannotKeep, match="something was purged"):
            draft.append([batch(1)])
    assert files(tmp_path) == set()
