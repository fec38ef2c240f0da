"""The folder of the files: that of the settings, else a temporary one; what a killed server has left goes."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from vxdata.server.folder_lock import FolderInUse, lock_folder

if TYPE_CHECKING:
    from io import BufferedWriter

FILE_SUFFIX: Final = ".answer"
PENDING_SUFFIX: Final = ".part"
TEMPORARY: Final = "vxdata-answers-"
"""What the names of temporary folders begin with."""

log = structlog.get_logger(__name__)


def open_folder(folder: Path | None) -> tuple[Path, BufferedWriter]:
    """Take a folder for one server alone, without the files of an earlier one.

    Args:
        folder: The folder that is meant; None for a temporary one.

    Returns:
        The folder, or a temporary one if that cannot be used; and its lock.

    Raises:
        OSError: No temporary folder can be made.
    """
    if folder is not None:
        try:
            return folder, _emptied(folder)
        except (FolderInUse, OSError) as problem:
            log.warning("answer_folder_not_used", reason=str(problem))
    _remove_leftovers(Path(tempfile.gettempdir()))
    while True:
        made = Path(tempfile.mkdtemp(prefix=TEMPORARY))
        with suppress(
            FolderInUse, FileNotFoundError
        ):  # another server took it for a leftover, before the lock
            lock_file = lock_folder(made)
            if (made / "lock").exists():
                return made, lock_file
            lock_file.close()


def _emptied(folder: Path) -> BufferedWriter:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock_file = lock_folder(folder)
    for suffix in (FILE_SUFFIX, PENDING_SUFFIX):
        for leftover in folder.glob(f"*{suffix}"):
            leftover.unlink()
    return lock_file


def _remove_leftovers(above: Path) -> None:
    """Remove temporary folders whose servers have ended; those of other users, and links, are left alone."""
    for found in above.glob(f"{TEMPORARY}*"):
        with suppress(FolderInUse, OSError):
            status = found.lstat()
            if stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid():
                with lock_folder(found):
                    shutil.rmtree(found)
