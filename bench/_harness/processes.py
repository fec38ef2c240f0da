"""What processes use: CPU seconds and memory, each process with all that it started.

CPU is read before and after, and so is exact: a process that ended in between has left its seconds to its
parent. Memory is sampled.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SAMPLE_SECONDS: Final = 0.02
SAMPLES_PER_SEARCH: Final = 15
"""Looking for new children reads the whole process table, so it is done less often."""

READS: Final = 10

KIB: Final = 1024


@dataclass(frozen=True)
class Memory:
    """Memory of a process and its descendants, in bytes.

    Args:
        resident: All that lies in memory; what processes share counts once for each of them.
        private: What no file and no other process backs: heaps and stacks.
    """

    resident: int
    private: int

    def __add__(self, other: Memory) -> Memory:
        """Both together."""
        return Memory(self.resident + other.resident, self.private + other.private)

    def at_least(self, other: Memory) -> Memory:
        """The larger of both, figure by figure."""
        return Memory(max(self.resident, other.resident), max(self.private, other.private))


@dataclass(frozen=True)
class Used:
    """What one process used in one round.

    Args:
        cpu_seconds: Of all its threads and children.
        before: Memory when the round began.
        peak: Most memory while it went on.
    """

    cpu_seconds: float
    before: Memory
    peak: Memory


class Family:
    """Processes and their descendants.

    Args:
        pids: The processes.
    """

    def __init__(self, pids: Sequence[int]) -> None:
        """Find the descendants."""
        self._roots = [psutil.Process(pid) for pid in pids]
        self._members: list[psutil.Process] = []
        self.search()

    def search(self) -> None:
        """Find the descendants that there are now."""
        self._members = [member for root in self._roots for member in _with_descendants(root)]

    def cpu_seconds(self) -> float:
        """Seconds of CPU since the process began, those of children that have ended included.

        A child that ends while its family is read would be missed or counted twice, so it is read again.
        """
        for _ in range(READS):
            self.search()
            seen = set(self._members)
            seconds = sum(map(_cpu_seconds, self._members))
            self.search()
            if seen == set(self._members):
                break
        return seconds

    def memory(self) -> Memory:
        """What the family holds at this moment."""
        return sum(map(_memory, self._members), Memory(0, 0))


@contextmanager
def watching(pids: Mapping[str, int | Sequence[int]]) -> Iterator[dict[str, Used]]:
    """Watch processes for the length of a block.

    Args:
        pids: By name, one or several that count together.

    Yields:
        What each used; filled when the block ends.
    """
    families = {name: Family([given] if isinstance(given, int) else given) for name, given in pids.items()}
    found: dict[str, Used] = {}
    before = {name: family.memory() for name, family in families.items()}
    cpu = {name: family.cpu_seconds() for name, family in families.items()}
    peaks = dict(before)
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(families, peaks, done))
    watcher.start()
    try:
        yield found
    finally:
        spent = {name: family.cpu_seconds() - cpu[name] for name, family in families.items()}
        done.set()
        watcher.join()
        found.update({name: Used(spent[name], before[name], peaks[name]) for name in families})


def _watch(families: dict[str, Family], peaks: dict[str, Memory], done: threading.Event) -> None:
    samples = 0
    while not done.wait(SAMPLE_SECONDS):
        samples += 1
        for name, family in families.items():
            if samples % SAMPLES_PER_SEARCH == 0:
                family.search()
            peaks[name] = peaks[name].at_least(family.memory())


def _with_descendants(root: psutil.Process) -> list[psutil.Process]:
    try:
        return [root, *root.children(recursive=True)]
    except psutil.Error:
        return [root]


def _cpu_seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    # Only Linux and macOS tell the seconds of children that have ended.
    ended = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return float(times.user + times.system + ended)


def _memory(process: psutil.Process) -> Memory:
    try:
        return _from_status(process.pid)
    except OSError:
        pass
    try:  # not Linux
        found = process.memory_full_info()
    except psutil.Error:
        return Memory(0, 0)
    return Memory(found.rss, found.uss)


def _from_status(pid: int) -> Memory:
    """Read Linux's own counters; PostgreSQL's shared buffers are resident, but not private."""
    fields = dict.fromkeys(("VmRSS", "RssAnon"), 0)
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name in fields:
            fields[name] = int(value.split()[0]) * KIB
    return Memory(fields["VmRSS"], fields["RssAnon"])
