from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from vxdata.server.embedded import DataDirectoryInUse
from vxdata.server.embedded.owner import LockFile, claim, lock_part

if TYPE_CHECKING:
    from pathlib import Path


def take(data_dir: Path, told: list[str], timeout: float) -> LockFile:
    return lock_part(data_dir, "s3", title="S3", timeout=timeout, progress=told.append)


def test_one_owner_at_a_time(tmp_path: Path) -> None:
    with claim(tmp_path):
        with pytest.raises(DataDirectoryInUse, match=f"server of process {os.getpid()}") as caught:
            claim(tmp_path)
        assert caught.value.owner_pid == os.getpid()
    claim(tmp_path).close()


def test_a_stale_note_is_no_lock(tmp_path: Path) -> None:
    (tmp_path / "owner.lock").write_text("1\n")
    claim(tmp_path).close()


def test_a_lock_without_a_note(tmp_path: Path) -> None:
    with LockFile.try_lock(tmp_path / "owner.lock") or pytest.fail("not locked"):
        with pytest.raises(DataDirectoryInUse, match="an unknown process") as caught:
            claim(tmp_path)
        assert caught.value.owner_pid is None


def test_a_lease_lives_as_long_as_the_child_that_inherited_it(tmp_path: Path) -> None:
    told: list[str] = []
    lock = take(tmp_path, told, timeout=1)
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, pass_fds=(lock.fd,)) as child:
        lock.note(child.pid)
        lock.close()
        with pytest.raises(DataDirectoryInUse, match=f"S3 of process {child.pid}"):
            take(tmp_path, told, timeout=1.2)
        child.kill()
        take(tmp_path, told, timeout=30).close()
    assert told[0].startswith("S3 of an earlier run is still shutting down")


def test_a_lock_is_not_made_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "owner.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        claim(tmp_path)
    assert not (tmp_path / "elsewhere").exists()
