"""Tables of an answer, as Polars takes them over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    import pyarrow as pa


def frame_of(table: pa.Table) -> pl.DataFrame:
    """Hand rows over to Polars, without a copy.

    Args:
        table: Rows in the registry's Arrow types.

    Returns:
        The frame.
    """
    frame = pl.from_arrow(table, rechunk=False)
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - a table never becomes a series
    return frame
