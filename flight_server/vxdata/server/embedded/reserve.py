"""The reserve: a file that holds space, which is given up when a server has to start on a full disk.

PostgreSQL recovers by writing, so on a full disk it would never come back, and nothing could be read.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from pathlib import Path

RESERVE_BYTES: Final = 256 * 1024**2
"""Bytes of the reserve: recovery writes a few segments of the log, of 16 MiB each, and its checkpoint."""

log = structlog.get_logger(__name__)


class Reserve:
    """The reserve of one data directory.

    Args:
        path: The file.
        size: Its bytes.
    """

    def __init__(self, path: Path, size: int = RESERVE_BYTES) -> None:
        """Leave everything as it is."""
        self._path = path
        self._size = size

    def is_short(self) -> bool:
        """Return whether the disk is nearly full: less than twice the reserve is free, the reserve apart."""
        return self._free_bytes() < 2 * self._size

    def keep(self) -> None:
        """Make the file if it is not there, and the disk is not nearly full with it either."""
        if self._path.exists() or self._free_bytes() < 3 * self._size:
            return
        try:
            self._allocate()
        except OSError as error:
            self._path.unlink(missing_ok=True)
            log.warning("reserve_not_made", reason=str(error))

    def give_up_if_short(self) -> None:
        """Remove the file if the disk is nearly full; `keep` makes it again."""
        if self.is_short() and self._path.exists():
            self._path.unlink()
            log.warning("reserve_given_up", bytes=self._size)

    def _allocate(self) -> None:
        fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, self._size)
            else:  # macOS
                piece = bytes(1024**2)
                for start in range(0, self._size, len(piece)):
                    file.write(piece[: self._size - start])

    def _free_bytes(self) -> int:
        return shutil.disk_usage(self._path.parent).free
