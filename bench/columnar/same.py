"""Whether two answers are the same; one that is not ends the run, since its time would mean nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from polars.testing import assert_frame_equal

if TYPE_CHECKING:
    import polars as pl

CLOSE: Final = 1e-9
"""How far a float may be from another, as a part of it: sums in another order end in other digits."""


class WrongAnswer(AssertionError):
    """A candidate has answered otherwise than its peer."""


def check_same(own: pl.DataFrame, other: pl.DataFrame, who: str, *, is_ordered: bool = False) -> None:
    """Hold an answer against that of a peer; columns go by their place, since peers name them otherwise.

    Args:
        own: Of the candidate.
        other: Of the peer.
        who: What is compared, in words.
        is_ordered: Whether rows have to come in the same order.

    Raises:
        WrongAnswer: They differ.
    """
    if own.width != other.width:
        raise WrongAnswer(f"{who}: {own.width} columns instead of {other.width}.")
    try:
        assert_frame_equal(
            own,
            other.rename(dict(zip(other.columns, own.columns, strict=True))),
            check_row_order=is_ordered,
            check_dtypes=False,
            rel_tol=CLOSE,
            abs_tol=0.0,
        )
    except AssertionError as error:
        raise WrongAnswer(f"{who}: {error}") from None
