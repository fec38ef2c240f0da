"""Random columns that follow from a seed and a name, the same on every machine and with every version."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING, Final

import polars as pl
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping

MANTISSA: Final = 2**53
"""Whole numbers below it are exact as floating-point numbers."""


@dataclass(frozen=True)
class Choices:
    """Values to draw from.

    Args:
        weights: How often each comes, in relation to the others; the key None stands for null.
    """

    weights: Mapping[str | None, float]

    @property
    def bounds(self) -> pl.Series:
        """Where the share of each value ends, between 0 and 1."""
        sums = list(accumulate(self.weights.values()))
        return pl.Series([end / sums[-1] for end in sums[:-1]], dtype=pl.Float64)


@dataclass(frozen=True)
class Draws:
    """Random numbers for the columns of a table.

    Args:
        seed: What everything follows from.
        table: Name of the table.

    Example:
        >>> Draws(7, "subject").below("age", 3, 100).to_list()
        [25, 83, 62]
    """

    seed: int
    table: str

    def uniform(self, name: str, size: int) -> pl.Series:
        """Draw numbers between 0, which may come, and 1, which may not.

        Args:
            name: What they are for: another name gives other numbers.
            size: How many.
        """
        # `randbytes` of a seeded generator is one call for all of them, and numpy is no dependency of ours.
        data = Random(f"{self.seed}/{self.table}/{name}").randbytes(8 * size)  # noqa: S311 - no secret
        bits = pl.from_arrow(pa.Array.from_buffers(pa.uint64(), size, [None, pa.py_buffer(data)]))
        assert isinstance(bits, pl.Series)  # noqa: S101 - tells the type checker
        return (bits // 2**11).cast(pl.Float64) / MANTISSA

    def below(self, name: str, size: int, bound: int) -> pl.Series:
        """Draw whole numbers from 0 up to a bound, which does not come itself."""
        return (self.uniform(name, size) * bound).floor().cast(pl.Int64)

    def chance(self, name: str, size: int, share: float) -> pl.Series:
        """Draw booleans, of which a share is true."""
        return self.uniform(name, size) < share

    def pick(self, name: str, size: int, choices: Choices) -> pl.Series:
        """Draw values."""
        values = pl.Series(list(choices.weights), dtype=pl.String)
        place = choices.bounds.search_sorted(self.uniform(name, size), side="right")
        return values.gather(place)

    def order(self, name: str, size: int) -> pl.Series:
        """Draw an order of the numbers from 0 up to a size."""
        return self.uniform(name, size).arg_sort().cast(pl.Int64)

    def holes(self, name: str, values: pl.Series, share: float) -> pl.Series:
        """Put null in the place of a share of the values."""
        return pl.select(pl.when(~self.chance(f"{name}?", len(values), share)).then(values)).to_series()
