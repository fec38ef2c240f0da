"""Files that get their name when they are whole. Until then they have another one; failure removes them."""

from __future__ import annotations

import errno
import os
import secrets
import stat
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from vxdata.sdk._storage.user_paths import special_kind

if TYPE_CHECKING:
    from collections.abc import Iterator

PARTIAL: Final = ".vxdata-"
"""How the names of unfinished files begin; they end in ``.part``."""

STALE_SECONDS: Final = 3_600
"""Age from which an unfinished file is abandoned: a running download would have changed it."""


@contextmanager
def whole_file(target: Path, top: Path) -> Iterator[Path]:
    """Give a path to write to, which becomes the target at the end of the block, or is removed.

    A link in the place of the target is replaced: what it points to may lie outside of the download.

    Args:
        target: The file; one that exists is replaced.
        top: The folder of the download. Unfinished files lie there, so that a reader of the folder of a
            prefix finds whole objects only.

    Yields:
        A path that no other process writes to.

    Raises:
        FileExistsError: There is something that is no file, such as a device.
    """
    require_file(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _renamed_at_end(_drafts_of(target, top), target) as unfinished:
        yield unfinished


@contextmanager
def rewritten_file(path: Path) -> Iterator[IO[bytes]]:
    """Give a file to write to, which takes the place of an earlier one at the end of the block or is removed.

    Links are followed. The mode of an earlier file is kept, and its owner where the user may give files away.

    Args:
        path: The file; its folder must exist.

    Yields:
        The new file, empty.

    Raises:
        FileExistsError: There is something that is no file, such as a device.
        PermissionError: The earlier file may not be written, or the folder may not.
    """
    earlier = require_file(path)
    if earlier is not None and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    target = Path(os.path.realpath(path))
    with _renamed_at_end(target.parent, target) as unfinished, unfinished.open("xb") as file:
        if earlier is not None:
            _resemble(unfinished, earlier)  # before there are rows in it: they may be secret
        yield file
        file.flush()
        os.fsync(file.fileno())  # else a crash of the machine could leave the name without the content


def require_file(path: Path) -> os.stat_result | None:
    """Look at what is to be replaced by a file.

    Args:
        path: Where the file is to be.

    Returns:
        What is there; None for nothing.

    Raises:
        FileExistsError: It is no regular file: who replaces a device takes it from all others.
        OSError: It cannot be looked at.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    kind = special_kind(found.st_mode)
    if kind is not None:
        raise FileExistsError(errno.EEXIST, f"There is {kind}, and only files are replaced", str(path))
    return found


def remove_stale(folder: Path) -> None:
    """Remove what killed processes left unfinished in a folder.

    Args:
        folder: The folder; it need not exist.
    """
    # A second process may tidy up at the same time, a folder of another user may not be writable, and the
    # file system may not hold the folder's name.
    with suppress(OSError, ValueError):
        for unfinished in folder.glob(f"{PARTIAL}*.part"):
            if time.time() - unfinished.stat().st_mtime > STALE_SECONDS:
                unfinished.unlink(missing_ok=True)


@contextmanager
def _renamed_at_end(folder: Path, target: Path) -> Iterator[Path]:
    """A new path in a folder on the disk of the target; its name fits whatever the target's length is."""
    unfinished = folder / f"{PARTIAL}{secrets.token_hex(8)}.part"
    try:
        yield unfinished
        unfinished.replace(target)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise


def _drafts_of(target: Path, top: Path) -> Path:
    """Where to write: on the same disk, as a folder below may be a link to another one, and where one may."""
    is_same_disk = top.stat().st_dev == target.parent.stat().st_dev
    return top if is_same_disk and os.access(top, os.W_OK) else target.parent


def _resemble(path: Path, earlier: os.stat_result) -> None:
    if hasattr(os, "chown"):
        with suppress(OSError):  # few users may, and not every file system knows owners
            os.chown(path, earlier.st_uid, earlier.st_gid)
    path.chmod(stat.S_IMODE(earlier.st_mode))
