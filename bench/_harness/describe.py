"""What a candidate ended with: rows, bytes, types and missing values, to be held side by side."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa

from bench._harness.figures import Moved

if TYPE_CHECKING:
    from collections.abc import Mapping


def describe(result: object) -> Moved:
    """Describe the result of a round.

    Args:
        result: A frame of Polars or pandas, an Arrow table, a number of rows, or what describes itself.

    Returns:
        Its description.
    """
    match result:
        case Moved():
            return result
        case int():
            return Moved(result)
        case pl.DataFrame():
            columns = {name: str(kind) for name, kind in result.schema.items()}
            nulls = sum(series.null_count() for series in result)
            return Moved(result.height, int(result.estimated_size()), columns, nulls)
        case pa.Table():
            columns = {each.name: str(each.type) for each in result.schema}
            nulls = sum(column.null_count for column in result.columns)
            return Moved(result.num_rows, result.nbytes, columns, nulls)
        case _:
            return _of_pandas(result)


def _of_pandas(frame: Any) -> Moved:
    columns = {str(name): str(kind) for name, kind in frame.dtypes.items()}
    size = int(frame.memory_usage(deep=True).sum())
    return Moved(len(frame), size, columns, int(frame.isna().sum().sum()))


def differences(own: Moved, other: Moved) -> str:
    """Tell how one result differs from another.

    Args:
        own: Of a candidate.
        other: What it is held against.

    Returns:
        A sentence, empty where rows, columns, types and missing values are the same.

    >>> differences(Moved(1, 8, {"a": "Int64"}), Moved(1, 8, {"a": "Int32"}))
    'Types differ: Int64 for Int32 (1 column).'
    """
    parts = []
    if own.rows == 0:
        return "It counts no rows."
    if own.rows != other.rows:
        parts.append(f"{own.rows:,} rows instead of {other.rows:,}.")
    if not own.columns or not other.columns:
        return " ".join(parts)
    if list(own.columns) != list(other.columns):
        missing, further = (
            other.columns.keys() - own.columns.keys(),
            own.columns.keys() - other.columns.keys(),
        )
        parts.append(f"Columns differ: without {sorted(missing)}, with {sorted(further)}.")
    if own.nulls != other.nulls:
        parts.append(f"{own.nulls:,} missing values instead of {other.nulls:,}.")
    kinds = _differing(own.columns, other.columns)
    if kinds:
        parts.append(f"Types differ: {'; '.join(kinds)}.")
    return " ".join(parts)


def _differing(own: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """Pairs of types that stand for each other, each with the number of its columns."""
    pairs = Counter(
        (own[name], other[name])
        for name in own.keys() & other.keys()
        if own[name].lower() != other[name].lower()  # pandas' float64 is Polars' Float64
    )
    return [
        f"{mine} for {theirs} ({count} column{'s' if count > 1 else ''})"
        for (mine, theirs), count in sorted(pairs.items())
    ]
