"""The file: removed rows leave no holes for ever, and what is unfinished is never used."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.server.copies.support import MEMORY
from vxdata.schemas.catalog.registry import registry
from vxdata.server.copies.copying import run, transaction
from vxdata.server.copies.errors import CopyError
from vxdata.server.copies.file import UNFINISHED, CopyFile, FileOptions
from vxdata.sql.copies import apply

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 300_000
STORED = (
    "FROM pragma_storage_info('vxdata.commit_log') WHERE column_name = 'version' AND segment_type = 'BIGINT'"
)


@pytest.fixture
def options(tmp_path: Path) -> FileOptions:
    return FileOptions(tmp_path, MEMORY, 2, 2**30)


def test_the_room_of_removed_rows_is_reclaimed(options: FileOptions) -> None:
    file = CopyFile.create(options, registry())
    add = (
        f"INSERT INTO vxdata.commit_log (version, verb) SELECT n, md5(n::VARCHAR) FROM range({ROWS}) AS r (n)"
    )
    with closing(file.cursor()) as cursor:
        run(cursor, add)
        for part in range(4):
            with transaction(cursor):
                run(
                    cursor,
                    f"CREATE TEMPORARY TABLE t{part} AS FROM vxdata.commit_log WHERE version % 4 = {part}",
                )
                run(cursor, f"DELETE FROM vxdata.commit_log WHERE version % 4 = {part}")
                run(cursor, f"INSERT INTO vxdata.commit_log FROM t{part}")
        assert cursor.execute(f"SELECT sum(count) {STORED}").fetchall() > [(ROWS * 1.2,)]
        run(cursor, *apply.RECLAIM)
        assert cursor.execute(f"SELECT sum(count) {STORED}").fetchall() < [(ROWS * 1.1,)]
        assert cursor.execute("SELECT count(*), sum(version) FROM vxdata.commit_log").fetchall() == [
            (ROWS, ROWS * (ROWS - 1) // 2)
        ]
    file.discard()


def test_what_is_unfinished_is_not_used(options: FileOptions) -> None:
    left = CopyFile.create(options, registry(), suffix=UNFINISHED)
    left.close()
    opened = CopyFile.open_newest(options, registry())
    assert opened.path != left.path
    assert [path for path in options.folder.iterdir() if path.name.startswith(left.path.stem)] == []


def test_the_newest_is_used_and_the_others_are_removed(options: FileOptions) -> None:
    files = [CopyFile.create(options, registry()) for _ in range(3)]
    for file in files:
        file.close()
    opened = CopyFile.open_newest(options, registry())
    assert opened.path == files[-1].path
    assert list(options.folder.glob("*.duckdb")) == [opened.path]


def test_a_file_that_was_let_go(options: FileOptions) -> None:
    file = CopyFile.create(options, registry())
    cursor = file.cursor()
    file.discard()
    assert cursor.execute("SELECT count(*) FROM vxdata.commit_log").fetchall() == [(0,)]
    with pytest.raises(CopyError, match="Closed"):
        file.cursor()
