"""Answer files: what was written comes back, and what was damaged does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server.result_cache.support import SCHEMA, batch, numbers
from vxdata.server.result_cache.file import CacheFile, DamagedCacheFile, Footer


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def written(path: Path) -> tuple[CacheFile, Footer]:
    """A file of two segments."""
    file = CacheFile.create(path)
    segments = [file.append([batch(0), batch(1)]), file.append([batch(2, rows=1000)])]
    return file, file.finish("key", 3, segments)


def test_batches_come_back_equal(tmp_path: Path) -> None:
    _, footer = written(tmp_path / "a")
    file = CacheFile.open(tmp_path / "a")
    assert file.footer() == footer
    file.check(footer)
    found = [each for segment in footer.segments for each in file.read(segment)]
    assert found == [batch(0), batch(1), batch(2, rows=1000)]
    assert all(each.schema == SCHEMA for each in found)


def test_segments_are_read_while_the_file_grows(tmp_path: Path) -> None:
    file = CacheFile.create(tmp_path / "a")
    first = file.append([batch(0)])
    reader = file.read(first)
    second = file.append([batch(1)])
    assert numbers([*reader, *file.read(second)]) == [0, 1]


def test_what_is_mapped_outlives_the_file(tmp_path: Path) -> None:
    file, footer = written(tmp_path / "a")
    (tmp_path / "a").unlink()
    found = [each for segment in footer.segments for each in file.read(segment)]
    del file
    assert numbers(found) == [0, 1, 2]


def test_a_file_is_closed_with_its_last_user(tmp_path: Path) -> None:
    before = open_files()
    file, footer = written(tmp_path / "a")
    reader = file.read(footer.segments[0])
    next(reader)
    del file, reader
    assert open_files() == before


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    written(tmp_path / "a")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("position", [100, 5000, -200])
def test_one_wrong_byte_is_found(tmp_path: Path, position: int) -> None:
    written(tmp_path / "a")
    content = bytearray((tmp_path / "a").read_bytes())
    content[position] ^= 1
    (tmp_path / "a").write_bytes(content)
    file = CacheFile.open(tmp_path / "a")
    with pytest.raises(DamagedCacheFile):
        file.check(file.footer())


@pytest.mark.parametrize("keep", [0, 1, 15, 16, 1000, -1])
def test_a_file_that_was_cut_has_no_title(tmp_path: Path, keep: int) -> None:
    written(tmp_path / "a")
    content = (tmp_path / "a").read_bytes()
    (tmp_path / "a").write_bytes(content[:keep])
    with pytest.raises(DamagedCacheFile, match="a has no footer"):
        CacheFile.open(tmp_path / "a").footer()


def test_a_title_that_cannot_be_read(tmp_path: Path) -> None:
    written(tmp_path / "a")
    content = (tmp_path / "a").read_bytes()
    (tmp_path / "a").write_bytes(content.replace(b'"purge_epoch"', b'"purge-epoch"'))
    with pytest.raises(DamagedCacheFile, match="unreadable footer"):
        CacheFile.open(tmp_path / "a").footer()
