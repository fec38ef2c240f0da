"""How this distribution was installed, and the command that adds one of its extras in the same way."""

from __future__ import annotations

import json
import re
import shlex
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import Any, Final

NAME: Final = "vxdata"

IMPORT_NAMES: Final = {"arro3-io": "arro3", "pyjwt": "jwt", "python-mimeparse": "mimeparse"}
"""Distributions whose packages have another name than they have."""

_ESCAPED: Final = re.compile(rb"%([0-9A-Fa-f]{2})")


def install_command(*extras: str, installed: Distribution | None = None) -> str:
    """Return the command that installs extras into this environment, beside what is there.

    An installation remembers where it came from (PEP 610): a package index, a folder, a repository or a
    file. The command names the same place, so that no other package of this name is installed.

    Args:
        extras: Names of extras, such as ``"server"``.
        installed: The installed distribution; that of this process by default.

    Returns:
        A command for a shell.
    """
    found = installed or _distribution()
    wanted = f"{NAME}[{','.join(extras)}]"
    if found is None:
        return f"pip install {shlex.quote(wanted)}"
    tool = "uv pip" if (found.read_text("INSTALLER") or "").strip() == "uv" else "pip"
    origin = found.read_text("direct_url.json")
    words = [shlex.quote(wanted)] if origin is None else _from_origin(wanted, json.loads(origin))
    return " ".join([tool, "install", *words])


def missing_from(extra: str) -> list[str]:
    """List what an extra brings and this environment lacks.

    Args:
        extra: Its name.

    Returns:
        Names of distributions, in alphabetical order.
    """
    return sorted(name for name in _brought_by(extra) if _distribution(name) is None)


def packages_of(extra: str) -> frozenset[str]:
    """List what an extra brings, from the metadata of the installed distribution.

    The packages may be missing, so their import names follow from the names of their distributions, but for
    those of `IMPORT_NAMES`.

    Args:
        extra: Its name.

    Returns:
        Names of top-level packages.
    """
    return frozenset(IMPORT_NAMES.get(name, name.replace("-", "_")) for name in _brought_by(extra))


def _brought_by(extra: str) -> list[str]:
    found = _distribution()
    requirements = [] if found is None else found.requires or []
    return [
        re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
        for requirement in requirements
        if re.search(rf"extra == .{extra}\b", requirement)
    ]


def _distribution(name: str = NAME) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:  # of our own: the folders alone are on the path
        return None


def _from_origin(wanted: str, origin: dict[str, Any]) -> list[str]:
    """Return the arguments of an installer for a requirement that comes from where `origin` says."""
    url = str(origin["url"])
    if "dir_info" in origin:
        folder = _ESCAPED.sub(_byte_of, url.removeprefix("file://").encode()).decode()
        options = ["--editable"] if origin["dir_info"].get("editable") else []
        return [*options, shlex.quote(f"{folder}{wanted.removeprefix(NAME)}")]
    if "vcs_info" in origin:
        version = origin["vcs_info"]
        url = f"{version['vcs']}+{url}@{version['commit_id']}"
    if "subdirectory" in origin:
        url = f"{url}#subdirectory={origin['subdirectory']}"
    return [shlex.quote(f"{wanted} @ {url}")]


def _byte_of(escaped: re.Match[bytes]) -> bytes:
    return bytes.fromhex(escaped[1].decode())
