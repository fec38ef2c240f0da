"""Timing calls of this process."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from bench._harness.figures import Curve
from bench._harness.summary import exponent, straight_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def median_seconds(work: Callable[[], object], times: int) -> float:
    """How long a call usually takes, after one that does not count."""
    return statistics.median([_seconds(work) for _ in range(times + 1)][1:])


def curve(of: str, unit: str, points: Mapping[float, float]) -> Curve:
    """Put lines through points."""
    found = tuple((float(x), round(y, 5)) for x, y in sorted(points.items()))
    return Curve(of, unit, found, exponent(found), straight_line(found))


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
