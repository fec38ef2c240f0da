"""A copy of the tree, as a fresh clone has it, with the environment of this one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fixtures.commands import environment
from tests.fixtures.pages import Block, blocks
from tools.tree import TOP, tracked_files

if TYPE_CHECKING:
    from collections.abc import Callable


BASH = shutil.which("bash") or "bash"


def readme(*languages: str) -> list[Block]:
    """The blocks of the README."""
    return blocks(TOP / "README.md", *languages)


@pytest.fixture(scope="session")
def clone(session_dir: Path) -> Path:
    """The files that git knows, and nothing else but the environment."""
    folder = session_dir / "clone"
    for name in tracked_files():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(TOP / name, folder / name)
    (folder / ".venv").symlink_to(TOP / ".venv")
    return folder


@pytest.fixture(scope="session")
def shell(clone: Path) -> Callable[[str], str]:
    """Runs a block of shell in the clone, with the commands of the environment, and tells what it printed."""
    bin_folder = Path(sys.executable).parent
    make = {name: "" for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL") if name in os.environ}
    extra = {"PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}", "MPLBACKEND": "agg", **make}

    def run(code: str, **variables: str) -> str:
        done = subprocess.run(
            [BASH, "-euo", "pipefail", "-c", code],
            cwd=clone,
            env=environment(extra | variables),
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{code}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    return run


@pytest.fixture(scope="session")
def demo(shell: Callable[[str], str]) -> str:
    """The first block of the README has run in the clone; what it printed."""
    return shell(readme("sh")[0].code)
