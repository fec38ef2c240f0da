"""A small file system of its own for the data, which can be filled and emptied at once."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

MIB = 2**20
ATTEMPTS = 50


@dataclass
class Disk:
    """A folder for data, on a file system in memory where the caller may mount one.

    Args:
        folder: Where it is mounted.
        mebibytes: Its size.
    """

    folder: Path
    mebibytes: int
    problem: str = ""
    """Why it cannot be filled, if it cannot."""

    @property
    def data_dir(self) -> Path:
        """The folder for data."""
        return self.folder / "data"

    def __enter__(self) -> Self:
        """Mount it, or say why not."""
        self.folder.mkdir()
        if os.geteuid() != 0:
            self.problem = "only root can mount the small file system that it takes"
        else:
            self.problem = self._mount(f"size={self.mebibytes}m,mode=755")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Unmount it."""
        if not self.problem:
            subprocess.run([_tool("umount"), str(self.folder)], check=True)

    def fill(self) -> None:
        """Leave no more than what rounding leaves: the file system shrinks to what is in use.

        It cannot shrink below that, and others write meanwhile.
        """
        for _ in range(ATTEMPTS):
            with suppress(OSError):
                self._resize(shutil.disk_usage(self.folder).used // MIB + 1)
                return
        self._resize(shutil.disk_usage(self.folder).used // MIB + 1)

    def make_room(self) -> None:
        """Give it its size again."""
        self._resize(self.mebibytes)

    def _resize(self, mebibytes: int) -> None:
        problem = self._mount(f"remount,size={mebibytes}m")
        if problem:
            raise OSError(problem)

    def _mount(self, options: str) -> str:
        done = subprocess.run(
            [_tool("mount"), "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder)],
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stderr.strip() if done.returncode else ""


def _tool(name: str) -> str:
    """The path of a command of the system."""
    return shutil.which(name) or name
