"""A purge: nothing of it is shown or kept by the copies, whatever they were doing."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from tests.server.copies.support import assert_equal, copies, followed
from tests.server.support import scalar
from vxdata.server.copies import CopiesState
from vxdata.server.copies.file import remove_files
from vxdata.sql.commit_clock import PURGE_EPOCH

if TYPE_CHECKING:
    from pathlib import Path

    from tests.server.services.verbs.support import Store
    from vxdata.server.copies import Copies

SECRET = "Mrs-Secret-of-Nowhere"


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def holds(folder: Path, text: str) -> bool:
    """Whether some file below a folder has a text in it, as it is."""
    return any(text.encode() in path.read_bytes() for path in files(folder))


@pytest.fixture
def secret(store: Store, unique: str) -> str:
    """A patient who is to be forgotten, beside one who is not; both have several versions."""
    names = (f"{SECRET}-{unique}", f"other-{unique}")
    store.plant({f"patient/{name}": "datasource/a" for name in names})
    for licence in ("y", "z"):
        store.send("update", *({"identifier": f"patient/{name}", "license": licence} for name in names))
    return names[0]


def purge(store: Store, opened: Copies, name: str) -> None:
    store.name("purge", f"patient/{name}")
    opened.note_purge(scalar(store.database, PURGE_EPOCH))


def test_nothing_is_shown_or_kept(store: Store, secret: str, tmp_path: Path) -> None:
    with copies(store.database, tmp_path) as opened:
        followed(opened, store.database)
    assert holds(tmp_path, secret)
    with copies(store.database, tmp_path) as opened:
        before = followed(opened, store.database).rows
        purge(store, opened, secret)
        assert not holds(tmp_path, secret)
        assert assert_equal(opened, store.database) == sum(before.values()) - 3 + 1
        assert opened.status().state is CopiesState.READY
        assert len(list(tmp_path.rglob("*.duckdb"))) == 1
    assert not holds(tmp_path, secret)


def test_what_was_purged_and_created_again(store: Store, secret: str, tmp_path: Path) -> None:
    with copies(store.database, tmp_path) as opened:
        followed(opened, store.database)
    store.name("purge", f"patient/{secret}")
    store.plant({f"patient/{secret}": "datasource/a"})
    with copies(store.database, tmp_path) as opened:
        assert_equal(opened, store.database)


def test_a_read_that_has_begun_goes_on(store: Store, secret: str, tmp_path: Path) -> None:
    with copies(store.database, tmp_path) as opened:
        followed(opened, store.database)
        with opened.connection() as reading:
            before = reading.applied(["patient"])["patient"].purge_epoch
            purge(store, opened, secret)
            with reading.stream(
                f"SELECT 1 FROM vxdata.patient WHERE identifier = 'patient/{secret}'"
            ) as rows:
                assert sum(batch.num_rows for batch in rows) == 1
        with opened.connection() as reading:
            assert reading.applied(["patient"])["patient"].purge_epoch == before + 1


def test_copies_that_cannot_follow_are_dropped(
    store: Store, secret: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vxdata.server.copies.copies.PURGE_SECONDS", 0.1)
    with copies(store.database, tmp_path) as opened:
        followed(opened, store.database)
        released = threading.Event()

        def wait(*_: object) -> None:
            assert released.wait(300)
            msg = "too late"
            raise RuntimeError(msg)

        with monkeypatch.context() as patch:
            patch.setattr("vxdata.server.copies.copier.without_purged", wait)
            purge(store, opened, secret)
            assert not holds(tmp_path, secret)
            released.set()
            assert_equal(opened, store.database)
        assert not holds(tmp_path, secret)


def test_a_server_that_has_stopped_leaves_the_file_to_the_next(
    store: Store, secret: str, tmp_path: Path
) -> None:
    with copies(store.database, tmp_path) as opened:
        followed(opened, store.database)
    purge(store, opened, secret)
    assert list(tmp_path.rglob("*.duckdb")), "the next server's, which may have begun"
    with copies(store.database, tmp_path) as again:
        assert_equal(again, store.database)
    assert not holds(tmp_path, secret)


def test_files_that_go_meanwhile_are_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (kept := tmp_path / "copies-2.duckdb").touch()
    (other := tmp_path / "copies-3.part").touch()
    with monkeypatch.context() as patch:
        patch.setattr(type(tmp_path), "glob", lambda *_: iter([tmp_path / "copies-1.part", kept, other]))
        remove_files(tmp_path, besides=kept)
    assert files(tmp_path) == [kept]
