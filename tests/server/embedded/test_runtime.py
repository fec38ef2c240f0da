from __future__ import annotations

import json
import os
import socket
import tempfile
from pathlib import Path

import pytest

from vxdata.server.embedded.account import Account, nobody
from vxdata.server.embedded.ports import free_port_pairs
from vxdata.server.embedded.runtime import Runtime

MYSELF = Account("me", os.geteuid(), os.getegid(), is_service=False)


def leave_socket(part: str, port: int) -> Path:
    path = Path(f"/tmp/seaweedfs-{part}-{port}.sock")  # noqa: S108 - where the S3 server puts it
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(path))
    return path


def test_a_private_directory_with_a_short_name(tmp_path: Path) -> None:
    runtime = Runtime.create(tmp_path / "note", MYSELF)
    assert runtime.directory.stat().st_mode & 0o777 == 0o700
    assert len(str(runtime.directory)) < 85
    runtime.remove()
    assert not runtime.directory.exists()
    assert not (tmp_path / "note").exists()


def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path: Path) -> None:
    left = Runtime.create(tmp_path / "note", MYSELF)
    (left.directory / "file").touch()
    ports = free_port_pairs(2)
    left.use_ports(ports[:1])
    ours, others = (leave_socket("filer", port) for port in ports)
    runtime = Runtime.create(tmp_path / "note", MYSELF)
    runtime.remove()
    others.unlink()
    assert not left.directory.exists()
    assert not ours.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has had children of nobody")
def test_what_nobody_left_is_removed_once(tmp_path: Path) -> None:
    left = Path(tempfile.mkdtemp(prefix="vxdata-"))
    os.chown(left, nobody(), nobody())
    (tmp_path / "note").write_text(json.dumps({"directory": str(left), "ports": []}))
    Runtime.create(tmp_path / "note", Account("vxdata", 4711, 4711, is_service=True)).remove()
    assert not left.exists()


def test_what_another_account_left_is_removed(tmp_path: Path) -> None:
    left = Runtime.create(tmp_path / "note", MYSELF)
    note = json.loads((tmp_path / "note").read_text())
    assert note["owner"] == MYSELF.uid
    (tmp_path / "note").write_text(json.dumps({**note, "owner": 4711}))
    Runtime.create(tmp_path / "note", MYSELF).remove()
    assert left.directory.exists()
    left.remove()


def test_only_what_is_surely_ours_is_removed(tmp_path: Path) -> None:
    misnamed, others = tmp_path / "precious", tmp_path / "vxdata-x"
    misnamed.mkdir()
    others.mkdir()
    stranger = Account("stranger", 4711, 4711, is_service=False)
    Runtime(misnamed, tmp_path / "note", MYSELF).remove()
    Runtime(others, tmp_path / "note", stranger).remove()
    assert misnamed.exists()
    assert others.exists()


def test_a_long_temporary_directory_is_avoided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    runtime = Runtime.create(tmp_path / "note", MYSELF)
    assert runtime.directory.parent == Path("/tmp")  # noqa: S108 - the short one
    assert list(long.iterdir()) == []
    runtime.remove()
