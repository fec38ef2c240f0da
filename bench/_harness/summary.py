"""Summaries of figures: medians, ranges, percentiles, ratios round by round, and lines through points."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Range:
    """A figure over all rounds.

    Args:
        median: The usual one.
        low: The least.
        high: The greatest.
    """

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Range:
        """Summarise.

        Args:
            values: One a round, at least one.

        Returns:
            Their median and range.

        >>> Range.of([3.0, 1.0, 2.0])
        Range(median=2.0, low=1.0, high=3.0)
        """
        return cls(statistics.median(values), min(values), max(values))


@dataclass(frozen=True)
class Line:
    """A straight line through points.

    Args:
        slope: What one more costs; of logarithms, the exponent of the power that fits.
        start: Its value at zero.
        fit: Part of the variance that it explains, 1 where all points lie on it.
    """

    slope: float
    start: float
    fit: float


def percentile(values: Sequence[float], percent: float) -> float:
    """The least value that so many of a hundred do not exceed.

    Args:
        values: At least one.
        percent: Between 0 and 100.

    Returns:
        One of the values.

    >>> percentile([5.0, 1.0, 4.0, 2.0, 3.0], 50)
    3.0
    """
    return sorted(values)[max(math.ceil(len(values) * percent / 100) - 1, 0)]


def ratios(own: Sequence[float], other: Sequence[float]) -> list[float]:
    """Divide round by round, as far as both went: rounds side by side share the machine's mood.

    Args:
        own: Figures of a candidate.
        other: Those of its peer.

    Returns:
        One ratio a round.

    >>> ratios([2.0, 3.0, 9.0], [1.0, 2.0])
    [2.0, 1.5]
    """
    return [mine / theirs for mine, theirs in zip(own, other, strict=False)]


def straight_line(points: Sequence[tuple[float, float]]) -> Line:
    """Fit a line by least squares.

    Args:
        points: At least two, not all with the same first coordinate.

    Returns:
        The line.

    >>> straight_line([(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)])
    Line(slope=2.0, start=1.0, fit=1.0)
    """
    xs, ys = zip(*points, strict=True)
    slope, start = statistics.linear_regression(xs, ys)
    spread = sum((y - statistics.fmean(ys)) ** 2 for y in ys)
    left = sum((y - start - slope * x) ** 2 for x, y in points)
    return Line(slope, start, 1.0 if spread == 0 else 1.0 - left / spread)


def exponent(points: Sequence[tuple[float, float]]) -> Line:
    """Fit a power: a line through the logarithms, whose slope is 1 where cost grows in proportion.

    Args:
        points: At least two, all coordinates above 0.

    Returns:
        The line through the logarithms.

    >>> exponent([(1.0, 2.0), (10.0, 20.0), (100.0, 200.0)]).slope
    1.0
    """
    line = straight_line([(math.log10(x), math.log10(y)) for x, y in points])
    return Line(round(line.slope, 9), round(line.start, 9), line.fit)
