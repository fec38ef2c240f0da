"""Folder locks: a folder of files that one server makes belongs to that server alone."""

from __future__ import annotations

import fcntl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from io import BufferedWriter
    from pathlib import Path


class FolderInUse(Exception):
    """Another server uses the folder."""


def lock_folder(folder: Path) -> BufferedWriter:
    """Lock a folder.

    Args:
        folder: The folder; it exists.

    Returns:
        The open lock file; the folder is locked until it is closed, or the process ends.

    Raises:
        FolderInUse: Another server has locked it.
        OSError: The lock file cannot be written.
    """
    lock_file = (folder / "lock").open("wb")
    try:
        fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock_file.close()
        msg = f"another server uses the folder {folder}"
        raise FolderInUse(msg) from error
    return lock_file
