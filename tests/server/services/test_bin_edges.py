"""Bins: their edges are where the numbers change, and a histogram has no more bars than it should."""

from __future__ import annotations

import math

from hypothesis import example, given
from hypothesis import strategies as st

from vxdata.server.services.bin_edges import Bins, bins_between

usual = st.floats(-1e9, 1e9, allow_subnormal=False) | st.integers(-1000, 1000).map(lambda each: each / 10)


@example(first=1.0, second=-9.571736029783582e-103, most=1, whole=False)
@given(first=usual, second=usual, most=st.integers(1, 100), whole=st.booleans())
def test_values_need_few_bins(first: float, second: float, most: int, whole: bool) -> None:  # noqa: FBT001
    low, high = sorted((math.floor(first), math.floor(second)) if whole else (first, second))
    bins = bins_between(float(low), float(high), most, whole=whole)
    assert bins.number_of(high) - bins.number_of(low) <= most
    assert not whole or bins.width.is_integer()


@given(width=st.sampled_from((0.1, 0.2, 0.5, 1.0, 5.0, 1e-3)), number=st.integers(-10_000, 10_000))
def test_an_edge_is_the_first_of_its_bin(width: float, number: int) -> None:
    bins = Bins(width)
    edge = bins.edge(number)
    assert bins.number_of(edge) >= number > bins.number_of(math.nextafter(edge, -math.inf))
    assert math.isclose(edge, number * width, abs_tol=1e-12)


@given(low=st.floats(allow_nan=False, allow_infinity=False), most=st.integers(1, 50))
def test_extreme_values_have_bins(low: float, most: int) -> None:
    for high in (low, math.nextafter(low, math.inf), max(low, 1.7e308)):
        if high < low or math.isinf(high):
            continue
        bins = bins_between(low, high, most, whole=False)
        assert bins.width > 0
        assert math.isfinite(bins.number_of(high))
