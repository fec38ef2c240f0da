"""The machine's memory, processors and disk, as far as this process may use them."""

from __future__ import annotations

import math
import os
import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator

_CGROUP_ROOT = Path("/sys/fs/cgroup")
_CGROUP_OF_SELF = Path("/proc/self/cgroup")
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - PostgreSQL's own choice; only its size is read here


@dataclass(frozen=True)
class Machine:
    """The resources to share out."""

    memory_bytes: int
    cpus: int
    free_disk_bytes: int
    shared_memory_bytes: int
    """Size of /dev/shm; containers often have 64 MiB. Where there is none, the size of the memory."""

    @classmethod
    def detect(cls, data_dir: Path) -> Machine:
        """Look at this machine, within the limits of the control group that we are in.

        Args:
            data_dir: an existing directory on the disk that counts.
        """
        memory = psutil.virtual_memory().total
        return cls(
            memory_bytes=min(memory, cgroup_memory_bytes() or memory),
            cpus=usable_cpus(),
            free_disk_bytes=shutil.disk_usage(data_dir).free,
            shared_memory_bytes=shutil.disk_usage(_SHARED_MEMORY).total
            if _SHARED_MEMORY.is_dir()
            else memory,
        )


def usable_cpus() -> int:
    """Count the processors that this process may use, within the limits of its control group."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = cgroup_cpus()
    return allowed if quota is None else max(1, min(allowed, math.ceil(quota)))


def cgroup_memory_bytes(root: Path = _CGROUP_ROOT, of_self: Path = _CGROUP_OF_SELF) -> int | None:
    """Return the smallest memory limit of our control group and its parents (versions 1 and 2), if any."""
    files = ("memory.max", "memory.limit_in_bytes")
    texts = [text for name in files for text in _texts(root, of_self, "memory", name)]
    limits = [int(text) for text in texts if text.isdecimal()]
    return min(limits, default=None)


def cgroup_cpus(root: Path = _CGROUP_ROOT, of_self: Path = _CGROUP_OF_SELF) -> float | None:
    """Return the smallest processor quota of our control group and its parents (versions 1 and 2), if any."""
    quotas = [text.split() for text in _texts(root, of_self, "cpu", "cpu.max")]
    times = _texts(root, of_self, "cpu", "cpu.cfs_quota_us")
    periods = _texts(root, of_self, "cpu", "cpu.cfs_period_us")
    quotas += [list(pair) for pair in zip(times, periods, strict=False)]
    limits = [int(quota) / int(period) for quota, period in quotas if quota.isdecimal() and int(period) > 0]
    return min(limits, default=None)


def _texts(root: Path, of_self: Path, controller: str, name: str) -> Iterator[str]:
    """Yield the content of a control file in each of our control groups, up to the mounted root.

    In a container the path that the kernel names may lie outside what is mounted; then the mounted root is
    our own group, and it is always looked at.
    """
    for base, path in _groups(root, of_self, controller):
        for group in (path, *path.parents):
            file = base / str(group).lstrip("/") / name
            if file.is_file():
                yield file.read_text(encoding="ascii").strip()


def _groups(root: Path, of_self: Path, controller: str) -> Iterator[tuple[Path, PurePosixPath]]:
    if not of_self.is_file():
        return
    for line in of_self.read_text(encoding="utf-8").splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:
            yield root, PurePosixPath(path)
        elif controller in controllers.split(","):
            yield root / controller, PurePosixPath(path)
