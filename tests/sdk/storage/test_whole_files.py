"""Files that have their name only when they are whole."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from tests.fixtures.special_files import make_special_files, modes
from vxdata.sdk._storage.whole_files import STALE_SECONDS, remove_stale, rewritten_file, whole_file

if TYPE_CHECKING:
    from collections.abc import Iterator

SHM = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there
LONGEST = "x" * 247 + ".parquet"


@pytest.fixture
def umask() -> Iterator[int]:
    """The mask of new files, the same on every machine."""
    before = os.umask(0o022)
    yield 0o022
    os.umask(before)


def interrupted(target: Path) -> None:
    with whole_file(target, target.parent) as unfinished:
        unfinished.write_text("half")
        raise KeyboardInterrupt


class TestUnfinishedFiles:
    def test_get_their_name_at_the_end(self, tmp_path: Path) -> None:
        target = tmp_path / "new" / "folder" / "a"
        with whole_file(target, tmp_path) as unfinished:
            unfinished.write_text("whole")
            assert list(target.parent.iterdir()) == [], "whoever reads the folder meets whole files only"
            assert unfinished.parent == tmp_path
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == [target]
        assert target.read_text() == "whole"

    @pytest.mark.skipif(not SHM.is_dir(), reason="the system has no second disk that is always there")
    def test_lie_on_the_disk_of_the_file(self, tmp_path: Path) -> None:
        """A folder below may be a link to another disk, to which nothing can be renamed."""
        with TemporaryDirectory(dir=SHM) as other:
            (tmp_path / "bucket").symlink_to(other)
            with whole_file(tmp_path / "bucket" / "a", tmp_path) as unfinished:
                unfinished.write_text("whole")
            assert [path.read_text() for path in Path(other).iterdir()] == ["whole"]

    def test_are_removed_on_failure_and_leave_what_was_there(self, tmp_path: Path) -> None:
        target = tmp_path / "a"
        target.write_text("before")
        with pytest.raises(KeyboardInterrupt):
            interrupted(target)
        assert list(tmp_path.iterdir()) == [target]
        assert target.read_text() == "before"

    def test_of_dead_processes_are_removed_and_those_of_others_are_not(self, tmp_path: Path) -> None:
        dead, alive, other = tmp_path / ".vxdata-1.part", tmp_path / ".vxdata-2.part", tmp_path / "other.part"
        for path in (dead, alive, other):
            path.write_text("half")
        long_ago = time.time() - STALE_SECONDS - 1
        os.utime(dead, (long_ago, long_ago))
        os.utime(other, (long_ago, long_ago))
        remove_stale(tmp_path)
        remove_stale(tmp_path / "missing")
        assert sorted(tmp_path.iterdir()) == [alive, other]

    def test_take_the_place_of_a_link_and_leave_what_it_points_to(self, tmp_path: Path) -> None:
        """It may point out of the folder of the download."""
        outside = tmp_path / "outside"
        outside.write_text("mine")
        (tmp_path / "folder").mkdir()
        target = tmp_path / "folder" / "a"
        target.symlink_to(outside)
        with whole_file(target, tmp_path / "folder") as unfinished:
            unfinished.write_text("whole")
        assert (target.is_symlink(), target.read_text(), outside.read_text()) == (False, "whole", "mine")


def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    special = make_special_files(tmp_path)
    before = modes(special)
    for path, kind in special.items():
        with pytest.raises(FileExistsError, match=f"There is {kind}"), whole_file(path, tmp_path):
            pytest.fail("there would be a file")
        with pytest.raises(FileExistsError, match=f"There is {kind}"), rewritten_file(path):
            pytest.fail("there would be a file")
    assert modes(special) == before
    assert set(tmp_path.iterdir()) == set(special)


def rewrite(path: Path, content: bytes = b"new") -> None:
    with rewritten_file(path) as file:
        file.write(content)


class TestRewrittenFiles:
    def test_appear_at_the_end(self, tmp_path: Path, umask: int) -> None:
        target = tmp_path / "a"
        with rewritten_file(target) as file:
            file.write(b"new")
            assert not target.exists()
        assert target.read_bytes() == b"new"
        assert stat.S_IMODE(target.stat().st_mode) == 0o666 & ~umask
        assert list(tmp_path.iterdir()) == [target]

    @pytest.mark.parametrize("name", [LONGEST, "ä" * 127, "a"])
    def test_have_names_of_any_length(self, tmp_path: Path, name: str) -> None:
        rewrite(tmp_path / name)
        rewrite(tmp_path / name, b"newer")
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {name: b"newer"}

    @pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o666, 0o755])
    @pytest.mark.usefixtures("umask")
    def test_keep_the_mode(self, tmp_path: Path, mode: int) -> None:
        target = tmp_path / "a"
        target.write_text("old")
        target.chmod(mode)
        with rewritten_file(target) as file:
            (unfinished,) = set(tmp_path.iterdir()) - {target}
            assert stat.S_IMODE(unfinished.stat().st_mode) == mode, "nobody else reads it meanwhile"
            file.write(b"new")
        assert (stat.S_IMODE(target.stat().st_mode), target.read_bytes()) == (mode, b"new")

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
    def test_keep_the_owner(self, tmp_path: Path) -> None:
        target = tmp_path / "a"
        target.write_text("old")
        os.chown(target, 1234, 4321)
        rewrite(target)
        assert (target.stat().st_uid, target.stat().st_gid) == (1234, 4321)

    @pytest.mark.parametrize("is_there", [True, False])
    @pytest.mark.parametrize("links", [1, 3])
    def test_are_those_that_links_point_to(self, tmp_path: Path, links: int, *, is_there: bool) -> None:
        (tmp_path / "far").mkdir()
        (tmp_path / "near").mkdir()
        target = tmp_path / "far" / "a"
        if is_there:
            target.write_text("old")
        link = target
        for number in range(links):
            (tmp_path / "near" / str(number)).symlink_to(os.path.relpath(link, tmp_path / "near"))
            link = tmp_path / "near" / str(number)
        rewrite(link)
        assert link.is_symlink()
        assert (target.is_symlink(), target.read_bytes()) == (False, b"new")
        assert list(tmp_path.rglob("*.part")) == []

    def test_are_not_begun_where_links_end_nowhere(self, tmp_path: Path) -> None:
        (tmp_path / "loop").symlink_to("loop")
        (tmp_path / "nowhere").symlink_to("no-folder/a")
        with pytest.raises(OSError, match="Too many levels of symbolic links"):
            rewrite(tmp_path / "loop")
        with pytest.raises(FileNotFoundError):
            rewrite(tmp_path / "nowhere")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["loop", "nowhere"]

    def test_leave_the_earlier_one_on_failure(self, tmp_path: Path) -> None:
        target = tmp_path / "a"
        target.write_text("old")
        with pytest.raises(TypeError):
            rewrite(target, "no bytes")  # type: ignore[arg-type] # the subject
        assert [(path, path.read_text()) for path in tmp_path.iterdir()] == [(target, "old")]

    @pytest.mark.skipif(os.geteuid() == 0, reason="root writes every file")
    def test_are_not_those_that_may_not_be_written(self, tmp_path: Path) -> None:
        target = tmp_path / "a"
        target.write_text("old")
        target.chmod(0o444)
        with pytest.raises(PermissionError):
            rewrite(target)
        assert target.read_text() == "old"
