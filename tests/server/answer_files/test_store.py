"""The files of answers: each is made once, they stay within their bounds, and nobody loses one midway."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from tests.fixtures.disks import mounted
from tests.server.support import never, until
from vxdata.schemas.errors import (
    DiskFull,
    LimitExceeded,
    RequestCancelled,
    ServerBusy,
    ServerUnavailable,
)
from vxdata.server.answer_files.file import Content
from vxdata.server.answer_files.making import PLACES
from vxdata.server.answer_files.store import AnswerFiles, PurgedMeanwhile
from vxdata.server.disk_guard import DiskGuard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vxdata.server.answer_files.file import LentFile
    from vxdata.server.answer_files.store import NewFile

KILOBYTE = 1024
LIMIT = 10 * KILOBYTE
CONTENT = Content(1, pa.schema({}), "volume")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "answers"


@pytest.fixture
def files(folder: Path) -> Iterator[AnswerFiles]:
    with closing(AnswerFiles(folder, LIMIT)) as opened:
        yield opened


class Maker:
    """Writes a file of a size, chunk by chunk, and counts how often; it can be held up midway."""

    def __init__(self, size: int = KILOBYTE, *, error: Exception | None = None) -> None:
        self.made = 0
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()
        self._size = size
        self._error = error

    def __call__(self, file: NewFile) -> Content:
        self.made += 1
        for _ in range(self._size // KILOBYTE):
            file.write(b"x" * KILOBYTE)
            self.begun.set()
            until(lambda: self.go_on.is_set() or file.is_abandoned(), "the test lets it go on")
        if self._error is not None:
            raise self._error
        return CONTENT


def get(files: AnswerFiles, key: str, make: Maker | None = None, epoch: int = 0) -> LentFile:
    return files.get(key, epoch, make or Maker(), never)


def names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.iterdir() if path.name != "lock")


def test_a_file_is_made_once_and_read_in_parts(files: AnswerFiles) -> None:
    maker = Maker(3 * KILOBYTE)
    for _ in range(3):
        lent = get(files, "a", maker)
        assert (lent.size, lent.content) == (3 * KILOBYTE, CONTENT)
        assert b"".join(lent.read(0, lent.size)) == b"x" * lent.size
        assert b"".join(get(files, "a", maker).read(5, 7)) == b"xx"
    assert maker.made == 1


def test_those_who_ask_at_once_share_one_making(files: AnswerFiles) -> None:
    maker = Maker(2 * KILOBYTE)
    maker.go_on.clear()
    with ThreadPoolExecutor(5) as threads:
        asked = [threads.submit(get, files, "a", maker) for _ in range(5)]
        assert maker.begun.wait(10)
        maker.go_on.set()
        assert {each.result().size for each in asked} == {2 * KILOBYTE}
    assert maker.made == 1


def test_a_making_goes_on_while_one_of_several_waits_and_ends_with_the_last(
    files: AnswerFiles, folder: Path
) -> None:
    maker = Maker(3 * KILOBYTE)
    maker.go_on.clear()
    gone = [threading.Event(), threading.Event()]
    with ThreadPoolExecutor(2) as threads:
        asked = [threads.submit(files.get, "a", 0, maker, each.is_set) for each in gone]
        assert maker.begun.wait(10)
        until(lambda: files._makings["a"]._waiting == 2, "both wait")
        gone[0].set()
        with pytest.raises(RequestCancelled):
            asked[0].result(10)
        assert not files._makings["a"].is_abandoned()
        gone[1].set()
        with pytest.raises(RequestCancelled):
            asked[1].result(10)
    until(lambda: names(folder) == [] and not files._makings, "the making has ended")
    maker.go_on.set()
    get(files, "a", maker).close()
    assert maker.made == 2


def test_one_caller_leaves_room_for_the_makings_of_others(files: AnswerFiles, folder: Path) -> None:
    slow = Maker(3 * KILOBYTE)
    slow.go_on.clear()
    gone = threading.Event()
    with ThreadPoolExecutor(2 * PLACES) as threads:
        keys = [f"slow {number}" for number in range(2 * PLACES)]
        asked = {key: threads.submit(files.get, key, 0, slow, gone.is_set, "many") for key in keys}
        until(lambda: len(files._makings) == 2 * PLACES, "all of them wait")
        files.get("quick", 0, Maker(), never, "one").close()
        assert slow.made == PLACES // 2
        last = next(key for key in reversed(files._makings) if not files._makings[key]._has_begun)
        files.get(last, 0, quick := Maker(), never, "one").close()  # it waits behind the others of the first
        assert (slow.made, quick.made) == (PLACES // 2, 1)
        asked.pop(last).result(10).close()
        gone.set()
        for each in asked.values():
            with pytest.raises(RequestCancelled):
                each.result(10)
    until(lambda: not files._makings, "those that nobody waits for end, also before they have a place")
    assert names(folder) == ["quick", last]


def test_the_least_recently_used_go_first_but_none_that_is_read(files: AnswerFiles, folder: Path) -> None:
    for key in "abcde":
        get(files, key, Maker(2 * KILOBYTE)).close()
    get(files, "a").close()
    read = get(files, "b")
    get(files, "f", Maker(4 * KILOBYTE)).close()
    assert names(folder) == ["a", "b", "e", "f"]
    read.close()
    get(files, "g", Maker(10 * KILOBYTE)).close()
    assert names(folder) == ["g"]


def test_a_file_that_was_dropped_unread_can_go(files: AnswerFiles, folder: Path) -> None:
    lent = get(files, "a", Maker(8 * KILOBYTE))
    part = lent.read(0, 8 * KILOBYTE)
    next(part)
    del lent, part
    get(files, "b", Maker(8 * KILOBYTE)).close()
    assert names(folder) == ["b"]


def test_what_does_not_fit_is_refused(files: AnswerFiles, folder: Path) -> None:
    with pytest.raises(LimitExceeded, match="VXDATA_ANSWER_BYTES") as refused:
        get(files, "a", Maker(11 * KILOBYTE))
    assert refused.value.details["limit"] == LIMIT
    held = get(files, "b", Maker(8 * KILOBYTE))
    with pytest.raises(ServerBusy, match="at present"):
        get(files, "c", Maker(3 * KILOBYTE))
    assert names(folder) == ["b"]
    held.close()
    get(files, "c", Maker(3 * KILOBYTE)).close()
    assert names(folder) == ["c"]


def test_a_nearly_full_disk_gets_no_file(folder: Path) -> None:
    folder.mkdir()
    guard = DiskGuard(folder, 2**62)
    with closing(AnswerFiles(folder, LIMIT, guard)) as files, pytest.raises(DiskFull):
        get(files, "a")
    assert not folder.exists()


def test_files_give_way_on_a_full_disk_and_then_it_is_named(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", 1) as disk, closing(AnswerFiles(disk / "answers", 2**40)) as files:
        get(files, "a", Maker(600 * KILOBYTE)).close()
        read = get(files, "b", Maker(600 * KILOBYTE))
        assert names(disk / "answers") == ["b"]
        with pytest.raises(DiskFull):
            get(files, "c", Maker(600 * KILOBYTE))
        assert b"".join(read.read(0, read.size)) == b"x" * 600 * KILOBYTE
        assert names(disk / "answers") == ["b"]


def test_a_folder_that_is_gone_gets_a_successor(
    files: AnswerFiles, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    get(files, "a").close()
    shutil.rmtree(folder)
    for key in ("a", "b"):
        read = get(files, key)
        assert b"".join(read.read(0, read.size)) == b"x" * KILOBYTE
    (successor,) = tmp_path.glob("vxdata-answers-*")
    assert names(successor) == ["a", "b"]
    files.close()
    assert not successor.exists()


def test_a_failure_reaches_all_who_wait_and_leaves_nothing(files: AnswerFiles, folder: Path) -> None:
    maker = Maker(error=ZeroDivisionError("no"))
    maker.go_on.clear()
    with ThreadPoolExecutor(3) as threads:
        asked = [threads.submit(get, files, "a", maker) for _ in range(3)]
        until(lambda: "a" in files._makings and files._makings["a"]._waiting == 3, "all wait")
        maker.go_on.set()
        for each in asked:
            with pytest.raises(ZeroDivisionError):
                each.result()
    assert names(folder) == []
    get(files, "a").close()


def test_a_purge_removes_all_files_also_those_being_made(files: AnswerFiles, folder: Path) -> None:
    lent = get(files, "a", epoch=1)
    maker = Maker(2 * KILOBYTE)
    maker.go_on.clear()
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(get, files, "b", maker, 1)
        assert maker.begun.wait(10)
        files.note_purges(2)
        maker.go_on.set()
        with pytest.raises(PurgedMeanwhile):
            asked.result()
    assert names(folder) == []
    assert b"".join(lent.read(0, lent.size)) == b"x" * KILOBYTE
    get(files, "c", epoch=2).close()
    files.note_purges(1)
    assert names(folder) == ["c"]


def test_a_file_that_is_gone_is_made_again(files: AnswerFiles, folder: Path) -> None:
    maker = Maker()
    get(files, "a", maker).close()
    (folder / "a.answer").unlink()
    get(files, "a", maker).close()
    assert maker.made == 2


def test_a_server_begins_without_the_files_of_an_earlier_one(folder: Path) -> None:
    folder.mkdir()
    for name in ("old.answer", "half.part"):
        (folder / name).write_bytes(b"old")
    with ExitStack() as opened:
        first = opened.enter_context(closing(AnswerFiles(folder, LIMIT)))
        assert names(folder) == []
        get(first, "a").close()
        second = opened.enter_context(closing(AnswerFiles(folder, LIMIT)))
        get(second, "b").close()
        assert names(folder) == ["a"]
        other = second._folder
    assert not other.exists()


def test_nothing_is_begun_once_it_is_closed(folder: Path) -> None:
    files = AnswerFiles(folder, LIMIT)
    files.close()
    with pytest.raises(ServerUnavailable):
        get(files, "a")


def test_the_number_of_files_is_bounded(
    files: AnswerFiles, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vxdata.server.answer_files.store.MAX_FILES", 3)
    read = get(files, "a", Maker(0))
    for key in "bcde":
        get(files, key, Maker(0)).close()
    assert names(folder) == ["a", "d", "e"]
    read.close()


def test_temporary_folders_of_killed_servers_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    killed, elsewhere = tmp_path / "vxdata-answers-killed", tmp_path / "elsewhere"
    for left in (killed, elsewhere):
        left.mkdir()
        (left / "old.answer").write_bytes(b"old")
    link = tmp_path / "vxdata-answers-link"
    link.symlink_to(elsewhere)
    with closing(AnswerFiles(None, LIMIT)) as first, closing(AnswerFiles(None, LIMIT)) as second:
        assert not killed.exists()
        get(first, "a").close()
        get(second, "a").close()
        assert names(first._folder) == names(second._folder) == ["a"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "vxdata-answers-link"]
    assert names(elsewhere) == ["old"]
