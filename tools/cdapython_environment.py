"""An environment for cdapython, the published client of the CDA API, whose pandas is older than ours.

It is made once below `var/`, by uv. Run it as `python -m tools.cdapython_environment` to make it and to see
where its interpreter is.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from tools.tree import TOP

RELEASE: Final = "2.2.1"
"""The release of cdapython that the API is held against."""


class IndexUnreachable(RuntimeError):
    """The packages could not be installed."""


def cdapython_environment() -> Path:
    """Make the environment unless it is there.

    Returns:
        Its Python interpreter.

    Raises:
        IndexUnreachable: The packages could not be installed.
    """
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    folder = TOP / "var" / f"cdapython-{RELEASE}-python{version}"
    interpreter = folder / "bin" / "python"
    if not folder.exists():
        draft = folder.with_name(f"{folder.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        _uv("venv", "--quiet", "--relocatable", "--python", sys.executable, str(draft))
        python = str(draft / "bin" / "python")
        _uv("pip", "install", "--quiet", "--python", python, f"cdapython=={RELEASE}")
        draft.rename(folder)
    return interpreter


def _uv(*arguments: str) -> None:
    beside = Path(sys.executable).with_name("uv")
    program = beside if beside.exists() else TOP / ".venv" / "bin" / "uv"
    done = subprocess.run([str(program), *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise IndexUnreachable(f"uv {arguments[0]} ended with {done.returncode}: {done.stderr.strip()}")


if __name__ == "__main__":
    print(cdapython_environment())
