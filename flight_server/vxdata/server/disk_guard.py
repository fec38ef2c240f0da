"""The disk guard: no write begins on a disk that is nearly full, so that the database's own log has room.

PostgreSQL ends all its processes when it cannot write its log. Reads need no room, and go on.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, ClassVar, Self

import structlog

from vxdata.schemas.errors import DiskFull

if TYPE_CHECKING:
    from pathlib import Path

log = structlog.get_logger(__name__)


class DiskGuard:
    """Looks at the free space of one disk, anew each time: that takes a few microseconds.

    Args:
        folder: A folder on the disk; None if no disk is watched.
        floor_bytes: Free bytes below which no write begins; below half of them, running ones are ended. 0
            switches the guard off.
    """

    SETTING: ClassVar = "VXDATA_FREE_SPACE_BYTES"
    """Setting of the floor, for the errors."""

    def __init__(self, folder: Path | None = None, floor_bytes: int = 0) -> None:
        """Begin with room."""
        self._folder = folder if floor_bytes else None
        self._floor = floor_bytes
        self._was_low = False

    def require_room(self) -> None:
        """Check before something is written.

        Raises:
            DiskFull: Less than the floor is free.
        """
        free = self._free_bytes()
        is_low = free is not None and free < self._floor
        if is_low != self._was_low:
            event = "disk_is_low" if is_low else "disk_has_room"
            log.warning(event, free_bytes=free, floor_bytes=self._floor)
            self._was_low = is_low
        if is_low:
            raise self._refusal(free)

    def is_nearly_full(self) -> bool:
        """Return whether writes that run have to end, too."""
        free = self._free_bytes()
        return free is not None and free < self._floor // 2

    def ended(self) -> DiskFull:
        """The error of a write that was ended because the disk is nearly full."""
        return self._refusal(self._free_bytes())

    def shared_with(self, folder: Path) -> Self:
        """The guard of another folder: this one if both lie on one disk, else one that never refuses.

        Args:
            folder: The folder; it exists.
        """
        if self._folder is None or folder.stat().st_dev != self._folder.stat().st_dev:
            return type(self)()
        return self

    def _free_bytes(self) -> int | None:
        return None if self._folder is None else shutil.disk_usage(self._folder).free

    def _refusal(self, free: int | None) -> DiskFull:
        msg = (
            f"The server's disk has {free or 0:,} bytes left, and writes need {self._floor:,}; nothing was "
            "written. Reads go on; try again once there is room."
        )
        return DiskFull(msg, free_bytes=free, floor_bytes=self._floor, setting=self.SETTING)
