from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from vxdata.server.embedded.account import Account, nobody
from vxdata.server.embedded.handover import give, take_from_nobody

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")

NEW = Account("#4711", 4711, 4712, is_service=True)


def silent(_: str) -> None:
    """Drop a message."""


def owners(directory: Path) -> set[tuple[int, int]]:
    found = [path.lstat() for path in (directory, *directory.rglob("*"))]
    return {(status.st_uid, status.st_gid) for status in found}


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Path]:
    """Files and folders of nobody."""
    part = tmp_path / "part"
    (part / "a" / "b").mkdir(parents=True)
    for name in ("x", "a/y", "a/b/z"):
        (part / name).write_text(name)
    for path in (part, *part.rglob("*")):
        os.chown(path, nobody(), nobody())
    yield part
    assert (part / "a" / "b" / "z").read_text() == "a/b/z"


def test_everything_of_nobody_is_given_once(tree: Path) -> None:
    told: list[str] = []
    take_from_nobody(tree, NEW, told.append)
    assert owners(tree) == {(4711, 4712)}
    assert len(told) == 1
    take_from_nobody(tree, NEW, told.append)
    take_from_nobody(tree.with_name("missing"), NEW, told.append)
    assert len(told) == 1


def test_what_was_cut_short_is_finished(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, left = os.fchown, iter(range(3))

    def cut_short(file: int, uid: int, gid: int) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        real(file, uid, gid)

    monkeypatch.setattr(os, "fchown", cut_short)
    with pytest.raises(KeyboardInterrupt):
        take_from_nobody(tree, NEW, silent)
    assert tree.stat().st_uid == nobody()
    monkeypatch.undo()
    take_from_nobody(tree, NEW, silent)
    assert owners(tree) == {(4711, 4712)}


def test_what_others_own_stays_theirs(tree: Path, tmp_path: Path) -> None:
    (tree / "roots").write_text("root's")
    outside = tmp_path / "outside"
    outside.write_text("root's")
    (tree / "a" / "soft").symlink_to(outside)
    (tree / "a" / "hard").hardlink_to(outside)
    (tree / "away").symlink_to(tmp_path)
    os.mkfifo(tree / "a" / "pipe")
    give(tree, nobody(), NEW)
    assert (tree / "roots").stat().st_uid == 0
    assert outside.stat().st_uid == 0
    assert tmp_path.stat().st_uid == 0
    assert (tree / "a" / "b" / "z").stat().st_uid == 4711


@pytest.mark.parametrize("uid", [0, 4713])
def test_only_nobodys_directories_are_taken(tree: Path, uid: int) -> None:
    os.chown(tree, uid, uid)
    take_from_nobody(tree, NEW, silent)
    assert tree.stat().st_uid == uid
    assert (tree / "x").stat().st_uid == nobody()


def test_who_runs_the_children_himself_is_given_nothing(tree: Path) -> None:
    take_from_nobody(tree, Account("me", 4711, 4711, is_service=False), silent)
    assert owners(tree) == {(nobody(), Path(tree).stat().st_gid)}
