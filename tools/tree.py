"""The project's files: the top folder, its settings, and the files that are or will be in git."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parents[1]


def settings() -> dict[str, Any]:
    """Read pyproject.toml.

    Returns:
        Its tables.
    """
    return tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))


def package_folders() -> list[Path]:
    """List what goes into the wheel, as pyproject.toml states it.

    Returns:
        Folders relative to the top, such as `schemas/vxdata`.
    """
    return [Path(folder) for folder in settings()["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]]


def tracked_files(*folders: Path) -> list[Path]:
    """List the files that git tracks, or would track if they were added.

    Args:
        folders: Where to look, relative to the top.

    Returns:
        Paths relative to the top, sorted.
    """
    # A checkout may belong to another user than the one who runs CI; git refuses that unless told.
    git = ["git", "-c", "safe.directory=*", "-C", str(TOP)]
    listing = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *map(str, folders)]
    output = subprocess.run([*git, *listing], check=True, capture_output=True, text=True).stdout
    names = {Path(name) for name in output.split("\0") if name}
    return sorted(name for name in names if (TOP / name).is_file())


def python_files(*folders: Path) -> list[Path]:
    """List the Python modules among the tracked files.

    Args:
        folders: Where to look, relative to the top.

    Returns:
        Paths relative to the top, sorted.
    """
    return [name for name in tracked_files(*folders) if name.suffix == ".py"]
