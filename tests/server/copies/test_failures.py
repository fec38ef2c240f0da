"""What can go wrong: the file is made anew, or the copies wait and tell why; no reader sees an error."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import duckdb
import pytest

from tests.server.copies.support import MEMORY, assert_equal, copies, followed
from tests.server.support import scalar, until
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.errors import ServerUnavailable
from vxdata.server.config import Settings
from vxdata.server.copies import Copies, CopiesState, CopiesUnavailable
from vxdata.server.copies.errors import FileDamaged, OutOfCopyMemory
from vxdata.server.copies.file import OPENING
from vxdata.server.database.errors import DatabaseError
from vxdata.server.disk_guard import DiskGuard

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.server.services.verbs.support import Store
    from vxdata.server.database.pool import ConnectionPool


@pytest.fixture(scope="module")
def built(store: Store, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of copies that were closed, with enough rows to have blocks of data."""
    store.send(
        "create",
        *(
            {"identifier": f"volume/{n}", "parent_identifier": "datasource/a", "license": f"{n * 7919}" * 9}
            for n in range(4000)
        ),
    )
    folder = tmp_path_factory.mktemp("built")
    with copies(store.database, folder) as opened:
        followed(opened, store.database)
    (file,) = folder.rglob("*.duckdb")
    return file.read_bytes()


@pytest.fixture
def file(built: bytes, tmp_path: Path) -> Path:
    """That file, in a folder of the test's own."""
    path = tmp_path / "copies" / "copies-1.duckdb"
    path.parent.mkdir()
    path.write_bytes(built)
    return path


def flipped(content: bytes, first: int, last: int) -> bytes:
    """Change a byte in a hundred within a range."""
    changed = bytearray(content)
    for place in range(first, last, 100):
        changed[place] ^= 0xFF
    return bytes(changed)


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut": lambda content: content[: len(content) // 2],
    "header": lambda content: flipped(content, 0, 12_288),
    "blocks": lambda content: flipped(content, len(content) // 2, len(content) - 300_000),
    "text": lambda _: b"no database " * 1000,
}


def undo_last_commit(store: Store) -> None:
    """Make the database that of a backup from before the last commit, which created a patient."""
    last = "(SELECT version FROM vxdata.commit_clock)"
    before = "(SELECT version, stamp FROM vxdata.commit_log WHERE {} ORDER BY version DESC LIMIT 1)"
    with store.database.connection() as connection:
        connection.execute(
            *(
                f"DELETE FROM vxdata.{name} WHERE version = {last}"
                for name in ("patient", "commit_log", "live_count")
            ),
            f"UPDATE vxdata.commit_clock SET (version, stamp) = {before.format('true')}",
            "DELETE FROM vxdata.type_clock WHERE resource_type = 'patient'",
            "INSERT INTO vxdata.type_clock (resource_type, version, stamp) "
            f"SELECT 'patient', * FROM {before.format('jsonb_exists(counts, $$patient$$)')} AS c",
        )


def is_back(store: Store) -> bool:
    try:
        return bool(scalar(store.database, "SELECT true AS is_back"))
    except (DatabaseError, ServerUnavailable):
        return False


class TestFile:
    def test_it_is_used_again(self, store: Store, file: Path) -> None:
        with copies(store.database, file.parents[1]) as opened:
            assert_equal(opened, store.database)
            assert file.exists()
            assert file.stat().st_mode & 0o777 == 0o600
            assert file.parent.stat().st_mode & 0o777 == 0o700

    @pytest.mark.parametrize("damage", DAMAGES)
    def test_damage(self, store: Store, file: Path, damage: str) -> None:
        file.write_bytes(DAMAGES[damage](file.read_bytes()))
        with copies(store.database, file.parents[1]) as opened:
            assert_equal(opened, store.database)
            assert not file.exists()

    def test_a_log_that_is_damaged(self, store: Store, file: Path) -> None:
        file.with_name(f"{file.name}.wal").write_bytes(b"no log " * 1000)
        with copies(store.database, file.parents[1]) as opened:
            assert_equal(opened, store.database)

    @pytest.mark.parametrize(
        "change",
        ["UPDATE vxdata.about SET value = 'other'", "DROP TABLE vxdata.about", "DELETE FROM vxdata.about"],
    )
    def test_another_version(self, store: Store, file: Path, change: str) -> None:
        with duckdb.connect(file) as connection:
            connection.execute(change)
        with copies(store.database, file.parents[1]) as opened:
            assert_equal(opened, store.database)
            assert not file.exists()

    def test_an_end_while_it_was_opened(self, store: Store, file: Path) -> None:
        (file.parent / OPENING).touch()
        with copies(store.database, file.parents[1]) as opened:
            assert_equal(opened, store.database)
            assert not file.exists()

    def test_damage_while_it_is_used(self, store: Store, file: Path) -> None:
        with copies(store.database, file.parents[1]) as opened:
            followed(opened, store.database)
            opened._copier.note_damage(FileDamaged("IO"))
            until(lambda: not file.exists(), "the file is made anew")
            assert_equal(opened, store.database)

    def test_it_is_removed_while_it_is_used(self, store: Store, file: Path) -> None:
        with copies(store.database, file.parents[1]) as opened:
            followed(opened, store.database)
            file.unlink()
            until(lambda: list(file.parent.glob("copies-*.duckdb")), "the file is made anew")
            assert_equal(opened, store.database)
            assert opened.status().bytes > 0

    @pytest.mark.parametrize("up", [1, 2], ids=["its folder", "the folder of the cache"])
    def test_its_folder_is_removed_while_it_is_used(self, store: Store, file: Path, up: int) -> None:
        with copies(store.database, file.parents[1]) as opened:
            followed(opened, store.database)
            shutil.rmtree((file, *file.parents)[up])
            until(lambda: opened.status().state is CopiesState.WAITING, "it is noticed")
            assert "a restart makes it anew" in str(opened.status().reason)
            assert not file.parent.exists()
            with pytest.raises(CopiesUnavailable), opened.connection():
                pass
        with copies(store.database, file.parents[1]) as opened:
            assert_equal(opened, store.database)


class TestDatabase:
    @pytest.mark.parametrize("later", [0, 1, 3])
    def test_it_was_restored(self, store: Store, file: Path, unique: str, later: int) -> None:
        """The copies hold a commit that the backup lacks; others were made since."""
        with copies(store.database, file.parents[1]) as opened:
            store.plant({f"patient/{unique}": "datasource/a"})
            followed(opened, store.database)
        undo_last_commit(store)
        for number in range(later):
            store.plant({f"patient/{unique}-{number}": "datasource/a"})
        with copies(store.database, file.parents[1]) as opened:
            assert_equal(opened, store.database)
            assert not file.exists()

    def test_it_is_restored_meanwhile(self, store: Store, file: Path, unique: str) -> None:
        with copies(store.database, file.parents[1]) as opened:
            store.plant({f"patient/{unique}": "datasource/a"})
            followed(opened, store.database)
            undo_last_commit(store)
            store.plant({f"patient/{unique}-0": "datasource/a"})
            until(lambda: not file.exists(), "the file is made anew")
            assert_equal(opened, store.database)

    def test_connections_are_lost(self, store: Store, file: Path, admin: ConnectionPool, unique: str) -> None:
        with copies(store.database, file.parents[1]) as opened:
            followed(opened, store.database)
            name = scalar(store.database, "SELECT current_database()::text AS name")
            with admin.connection() as connection:
                connection.rows(
                    "SELECT count(pg_terminate_backend(pid)) AS n FROM pg_stat_activity "
                    f"WHERE datname = '{name}'"
                )
            until(lambda: is_back(store), "the pool has connected again")
            store.plant({f"patient/{unique}": "datasource/a"})
            assert_equal(opened, store.database)
            assert file.exists()


class TestLimits:
    def test_off(self, store: Store, file: Path) -> None:
        folder = file.parents[1]
        assert (
            Copies.open(Settings(cache_dir=folder, copies=False), store.database, registry(), DiskGuard())
            is None
        )
        assert not file.exists()
        assert Copies.open(Settings(), store.database, registry(), DiskGuard()) is None

    def test_another_server_has_the_folder(self, store: Store, tmp_path: Path) -> None:
        with copies(store.database, tmp_path):
            assert Copies.open(Settings(cache_dir=tmp_path), store.database, registry(), DiskGuard()) is None

    def test_a_file_that_would_be_too_large(self, store: Store, file: Path) -> None:
        with copies(store.database, file.parents[1], copy_bytes=1024**2) as opened:
            until(lambda: opened.status().state is CopiesState.WAITING, "it gives up")
            assert opened.status().reason == "the copies need more than VXDATA_COPY_BYTES"
            with pytest.raises(CopiesUnavailable, match="VXDATA_COPY_BYTES"), opened.connection():
                pass
            assert not list(file.parent.glob("*.duckdb*"))

    def test_a_disk_that_is_nearly_full(self, store: Store, tmp_path: Path) -> None:
        with copies(store.database, tmp_path, DiskGuard(tmp_path, 2**60)) as opened:
            until(lambda: opened.status().state is CopiesState.WAITING, "it waits for room")
            with pytest.raises(CopiesUnavailable, match="bytes left"), opened.connection():
                pass

    def test_little_memory_is_enough_to_copy(self, store: Store, tmp_path: Path) -> None:
        with copies(store.database, tmp_path, copy_memory_bytes=MEMORY // 2) as opened:
            assert_equal(opened, store.database)


def test_nothing_is_kept_after_a_lack_of_memory(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DuckDB may show rows of the transaction that failed."""
    monkeypatch.setattr("vxdata.server.copies.failures.HOLD_SECONDS", 0.1)
    with copies(store.database, tmp_path) as opened:
        followed(opened, store.database)
        (before,) = tmp_path.rglob("*.duckdb")

        def fail(*_: object) -> None:
            kind = "OutofMemory"
            raise OutOfCopyMemory(kind)

        with monkeypatch.context() as patch:
            patch.setattr("vxdata.server.copies.copier.follow", fail)
            store.plant({"datasource/after": None})
            opened.wake()
            until(lambda: not before.exists(), "the file is removed")
            with pytest.raises(CopiesUnavailable), opened.connection():
                pass
        assert_equal(opened, store.database)
