"""The owner of a data directory, and a test for children of an earlier owner that still use it.

Both questions are answered by ``flock``. The kernel drops such a lock when the last process that
holds the open file ends, however it ends, so neither a stale pid nor a reused one can mislead.
"""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING, Final, Self

from vxdata.server.embedded.errors import DataDirectoryInUse
from vxdata.server.embedded.waiting import Progress, wait_until

if TYPE_CHECKING:
    import threading
    from pathlib import Path
    from types import TracebackType

LOCK_NAME: Final = "owner.lock"
"""The file in a data directory that its owner has locked."""


class LockFile:
    """An exclusively locked file that notes a pid for people to read."""

    def __init__(self, path: Path, fd: int) -> None:
        """Take over a locked descriptor; use :meth:`try_lock` to get one."""
        self.path = path
        self.fd = fd

    @classmethod
    def try_lock(cls, path: Path) -> Self | None:
        """Lock the file, making it if need be.

        Returns:
            The lock, or None when another open file holds it.
        """
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return None
        return cls(path, fd)

    def note(self, pid: int) -> None:
        """Write the pid that an error message shall name."""
        os.ftruncate(self.fd, 0)
        os.pwrite(self.fd, f"{pid}\n".encode(), 0)

    def close(self) -> None:
        """Close our copy; the lock itself lives on in children that inherited it."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close our copy."""
        self.close()


def noted_pid(path: Path) -> int | None:
    """Return the pid noted in a lock file, or None when there is none."""
    text = path.read_text(encoding="ascii", errors="replace").strip()
    return int(text) if text.isdecimal() else None


def claim(data_dir: Path) -> LockFile:
    """Become the one owner of a data directory.

    Raises:
        DataDirectoryInUse: another process, or another stack in this one, owns it.
    """
    path = data_dir / LOCK_NAME
    lock = LockFile.try_lock(path)
    if lock is None:
        raise DataDirectoryInUse(data_dir, "server", noted_pid(path))
    lock.note(os.getpid())
    return lock


def require_unowned(data_dir: Path) -> None:
    """Check that nobody owns a data directory, which need not be there yet.

    Raises:
        DataDirectoryInUse: Another process, or another stack in this one, owns it.
    """
    if (data_dir / LOCK_NAME).exists():
        claim(data_dir).close()


def lock_part(
    data_dir: Path,
    name: str,
    *,
    title: str,
    timeout: float,
    progress: Progress,
    stopping: threading.Event | None = None,
) -> LockFile:
    """Wait until no child of an earlier owner uses its part of the directory, then lock that part.

    The lock is meant to be inherited: every process of the child keeps it until it has ended. After
    ``kill -9`` of a supervisor this is how its successor knows that the old server has finished.

    Args:
        data_dir: the data directory.
        name: names the lock file ``<name>.lock``.
        title: the child's name in messages.
        timeout: seconds to wait for the old child.
        progress: told when the wait takes long.
        stopping: ends the waiting when it is set.

    Raises:
        StartCancelled: ``stopping`` was set.
        DataDirectoryInUse: the old child is still there after ``timeout``.
    """
    path = data_dir / f"{name}.lock"
    found: list[LockFile] = []

    def locked() -> bool:
        lock = LockFile.try_lock(path)
        if lock is not None:
            found.append(lock)
        return lock is not None

    message = f"{title} of an earlier run is still shutting down"
    if not wait_until(locked, timeout=timeout, progress=progress, message=message, stopping=stopping):
        raise DataDirectoryInUse(data_dir, title, noted_pid(path))
    return found[0]
