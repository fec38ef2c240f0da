"""Edges of histograms: bins of a round width, and where exactly each begins."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

EXACT: Final = 2.0**53
"""Numbers of bins up to here are whole and exact as doubles."""

WIDEST: Final = 1e308
"""Widest bins: two of them hold all doubles but the largest, which are in a third."""

ROUND: Final = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True)
class Bins:
    """Bins of equal width: bin `n` holds what `floor((x - origin) / width)` gives n for.

    Args:
        width: How wide a bin is.
        origin: Where bin 0 begins.
    """

    width: float
    origin: float = 0.0

    def number_of(self, value: float) -> float:
        """Tell the bin of a value, as the database computes it."""
        moved = value - self.origin
        return -1.0 if -self.width <= moved < 0 else float(math.floor(moved / self.width))

    def edge(self, number: float) -> float:
        """Tell where a bin begins: the least double that is in it or above it.

        A quotient is rounded, so that this may lie beside `origin + number * width` by the last digit.

        Example:
            >>> Bins(0.1).edge(2), Bins(0.1).edge(3)
            (0.2, 0.30000000000000004)
        """
        edge = self.origin + number * self.width
        while self.number_of(edge) < number:
            edge = math.nextafter(edge, math.inf)
        while self.number_of(below := math.nextafter(edge, -math.inf)) >= number:
            edge = below
        return edge


def bins_between(low: float, high: float, most: int, *, whole: bool) -> Bins:
    """Choose bins for values: of the least width among 1, 2 and 5 times powers of ten that needs few of them.

    Args:
        low: The least value.
        high: The greatest value.
        most: How many bins there should be at most; one more where the values begin within a bin.
        whole: Whether the values are whole numbers, of which no bin holds a part.

    Returns:
        The bins.

    Example:
        >>> bins_between(0.5, 7.2, 20, whole=False), bins_between(1950, 2003, 20, whole=True)
        (Bins(width=0.5, origin=0.0), Bins(width=5.0, origin=0.0))
    """
    span = min(high / most - low / most, WIDEST)
    least = 1.0 if whole or not span else 0.0
    width = max(_round_up(span), least) if span else 1.0
    if max(abs(low), abs(high)) / width < EXACT:
        bins = Bins(width)
        # The span is rounded, so values just beside an edge can need one bin more than it tells.
        is_enough = bins.number_of(high) - bins.number_of(low) <= most
        return bins if is_enough else Bins(_round_up(1.5 * width))
    # Far from zero, neighbouring doubles lie further apart than round bins: the values themselves decide.
    step = math.nextafter(high, math.inf) - high
    return Bins(max(width, step, math.nextafter(0.0, 1.0)), low)


def _round_up(width: float) -> float:
    """The next of 1, 2 and 5 times a power of ten."""
    power = math.floor(math.log10(width))
    widths = (float(f"{factor:g}e{power}") for factor in ROUND)
    return next(each for each in widths if each >= width * (1 - 1e-12))
