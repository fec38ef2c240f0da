"""Measuring: candidates in turn, round by round, with time and the server's peak memory."""

from __future__ import annotations

import random
import statistics
import threading
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import psutil

SAMPLE_SECONDS: Final = 0.02


@dataclass(frozen=True)
class Figures:
    """The rounds of one candidate.

    Args:
        rows: Rows that a round moves.
        seconds: Wall time of each round.
        ratios: Time of each round divided by the peer's in the same round; 1 for the peer itself.
        peak_bytes: Most resident memory of the server over all rounds, shared pages included.
    """

    rows: int
    seconds: list[float]
    ratios: list[float]
    peak_bytes: int

    def line(self, name: str) -> str:
        """One line of a table."""
        median = statistics.median(self.seconds)
        return (
            f"{name:<28} {median:>8.2f} s ({min(self.seconds):.2f} to {max(self.seconds):.2f})"
            f" {self.rows / median:>12,.0f} rows/s   ratio {statistics.median(self.ratios):.2f}"
            f" ({min(self.ratios):.2f} to {max(self.ratios):.2f})"
            f"   server peak {self.peak_bytes / 1e6:,.0f} MB"
        )

    def to_json(self) -> dict[str, object]:
        """All rounds, with their medians."""
        return asdict(self) | {
            "median_seconds": statistics.median(self.seconds),
            "median_ratio": statistics.median(self.ratios),
        }


def compare(
    candidates: Mapping[str, Callable[[], int]], peer: str, rounds: int, server: psutil.Process
) -> dict[str, Figures]:
    """Run candidates in turn, each round in an order of its own: who runs after whom makes a difference.

    Args:
        candidates: By name, a function that does the work and returns the rows that it moved.
        peer: The candidate that the others are divided by.
        rounds: How often, after one round that does not count.
        server: The process whose memory is watched.

    Returns:
        The figures of each candidate.
    """
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    rows = dict.fromkeys(candidates, 0)
    peaks = dict.fromkeys(candidates, 0)
    for number in range(rounds + 1):
        for name, work in random.Random(number).sample(list(candidates.items()), len(candidates)):
            with peak_memory(server) as peak:
                started = time.perf_counter()
                rows[name] = work()
                elapsed = time.perf_counter() - started
            if number:
                seconds[name].append(elapsed)
                peaks[name] = max(peaks[name], peak[0])
    return {
        name: Figures(
            rows[name],
            seconds[name],
            [own / other for own, other in zip(seconds[name], seconds[peer], strict=True)],
            peaks[name],
        )
        for name in candidates
    }


@contextmanager
def peak_memory(process: psutil.Process) -> Iterator[list[int]]:
    """Watch the resident memory of a process for the length of a block."""
    highest = [process.memory_info().rss]
    done = threading.Event()

    def watch() -> None:
        while not done.wait(SAMPLE_SECONDS):
            highest[0] = max(highest[0], process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield highest
    finally:
        done.set()
        watcher.join()
