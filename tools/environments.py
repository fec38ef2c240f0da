"""Environments for programs of others whose dependencies do not fit ours, such as an older pandas.

Each is made once below `var/`, by uv. Run it as `python -m tools.environments` to make all of them and to see
where their interpreters are.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tools.tree import TOP

if TYPE_CHECKING:
    from collections.abc import Sequence

CDAPYTHON: Final = ("cdapython==2.2.1",)
"""The release of the published client that the CDA API is held against."""

DATASETS: Final = ("datasets==5.2.0", "aiohttp==3.*")
"""The release of Hugging Face datasets that reads the addresses of answers, by aiohttp."""


class IndexUnreachable(RuntimeError):
    """The packages could not be installed."""


def environment_of(requirements: Sequence[str]) -> Path:
    """Make the environment of a program unless it is there.

    Args:
        requirements: Its package and release, as in `cdapython==2.2.1`, and what else it needs.

    Returns:
        The Python interpreter of the environment.

    Raises:
        IndexUnreachable: The packages could not be installed.
    """
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    name = requirements[0].replace("==", "-")
    folder = TOP / "var" / f"{name}-python{version}"
    interpreter = folder / "bin" / "python"
    if not folder.exists():
        draft = folder.with_name(f"{folder.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        _uv("venv", "--quiet", "--relocatable", "--python", sys.executable, str(draft))
        python = str(draft / "bin" / "python")
        _uv("pip", "install", "--quiet", "--python", python, *requirements)
        draft.rename(folder)
    return interpreter


def _uv(*arguments: str) -> None:
    beside = Path(sys.executable).with_name("uv")
    program = beside if beside.exists() else TOP / ".venv" / "bin" / "uv"
    done = subprocess.run([str(program), *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise IndexUnreachable(f"uv {arguments[0]} ended with {done.returncode}: {done.stderr.strip()}")


if __name__ == "__main__":
    for each in (CDAPYTHON, DATASETS):
        print(environment_of(each))
