"""Tabular input: rows from frames and tables of any library, lazy or not, and from streams of batches.

Frames of Polars are taken as they are. All others are read through Arrow's C stream interface, which pandas,
pyarrow, DuckDB and most others offer (https://arrow.apache.org/docs/format/CStreamInterface.html), or through
the older `__dataframe__` protocol.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Final, Protocol, runtime_checkable

import polars as pl
import pyarrow as pa

from vxdata.schemas.errors import FieldTypeMismatch
from vxdata.schemas.models import ResourceModel

UNNAMED_INDEX: Final = "__index_level_"
"""Prefix of the names that pyarrow gives to unnamed pandas indexes, unless they are plain ranges."""

BATCH_ROWS: Final = 100_000
"""Rows of the frames that a lazy frame is collected into."""


@runtime_checkable
class ArrowStreamable(Protocol):
    """An object that exports its rows as an Arrow stream."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return a capsule with the stream."""


@runtime_checkable
class Interchangeable(Protocol):
    """An object that exports its columns by the dataframe interchange protocol."""

    def __dataframe__(self, *args: Any, **kwargs: Any) -> Any:
        """Return the interchange object."""


class Peeked(Iterator[Any]):
    """An iterator whose first item can be looked at, to find out what kind of items it yields.

    Args:
        items: The iterator.
    """

    def __init__(self, items: Iterator[Any]) -> None:
        """Take the first item."""
        begun = list(islice(items, 1))
        self.first = begun[0] if begun else None
        self._items = chain(begun, items)

    def __next__(self) -> Any:
        """Return the next item."""
        return next(self._items)


Table = pl.DataFrame | pl.LazyFrame | ArrowStreamable | Interchangeable
"""Rows in columns, of any library."""

Columns = Mapping[str, list[Any] | pl.Series]
"""Columns by name."""

Row = Mapping[str, Any]
"""The fields of one resource by name."""


@dataclass
class Frames:
    """A sequence of frames.

    Args:
        source: The frames; an iterator yields them once, a list as often as needed.
        rows: The total number of rows; None if unknown.
    """

    source: Iterable[pl.DataFrame]
    rows: int | None = None

    @property
    def is_repeatable(self) -> bool:
        """Whether the frames can be iterated over again."""
        return not isinstance(self.source, Iterator)


def is_table(given: object) -> bool:
    """Whether an object holds rows in columns; a single column does not."""
    if isinstance(given, pl.DataFrame | pl.LazyFrame):
        return True
    if isinstance(given, pl.Series | pa.Array | pa.ChunkedArray) or getattr(given, "ndim", 2) == 1:
        return False
    return isinstance(given, ArrowStreamable | Interchangeable | pa.RecordBatch)


def peeked(given: object) -> object:
    """Wrap an iterator as `Peeked`; return anything else as it is.

    Args:
        given: The argument of a user. An iterator must not be used afterwards.
    """
    return Peeked(given) if isinstance(given, Iterator) and not is_table(given) else given


def frames_of(given: object) -> Frames | None:
    """Read rows from the argument of a user.

    Args:
        given: The argument; an iterator as `peeked` returned it.

    Returns:
        The rows as frames; None if the argument holds no columns, as models and texts do not.

    Raises:
        FieldTypeMismatch: The columns cannot be converted to Arrow; the message quotes the library.
    """
    match given:
        case pl.DataFrame():
            return Frames([given], given.height)
        case pl.LazyFrame():
            return Frames(iter(given.collect_batches(chunk_size=BATCH_ROWS)))
        case Mapping():
            return _from_columns(given)
        case Peeked(first=first) if is_table(first):
            return Frames(chain.from_iterable(map(_parts, given)))
        case [*parts] if parts and all(map(is_table, parts)):
            return Frames([frame for one in parts for frame in _parts(one)])
    return _from_library(given) if is_table(given) else None


def whole_frame(given: object) -> pl.DataFrame | None:
    """Read all rows from the argument of a user into one frame.

    Args:
        given: The argument; an iterator as `peeked` returned it.

    Returns:
        One frame; None if the argument holds no columns.

    Raises:
        FieldTypeMismatch: As from `frames_of`.
    """
    frames = frames_of(given)
    if frames is None:
        return None
    parts = list(frames.source)
    return pl.concat(parts) if parts else pl.DataFrame()


def column_of(given: object, name: str | None = None) -> list[Any]:
    """Read values from a frame, a column of any library, an array, or any other iterable.

    Args:
        given: The argument of a user.
        name: The column to take from a frame; if None, a frame must have a single column.

    Returns:
        The values, as Python objects.

    Raises:
        FieldTypeMismatch: A frame has no such column, or several.
    """
    given = peeked(given)
    frame = whole_frame(given)
    if frame is not None:
        wanted = frame.columns[0] if name is None and frame.width == 1 else name
        if wanted not in frame.columns:
            msg = f"Of a frame with the columns {', '.join(frame.columns)[:200]}, pass the one that is meant."
            raise FieldTypeMismatch(msg, columns=frame.columns)
        return frame[wanted].to_list()
    if isinstance(given, pa.Array | pa.ChunkedArray | pa.Scalar):
        values = given.to_pylist() if not isinstance(given, pa.Scalar) else [given.as_py()]
        return list(values)
    return list(given) if isinstance(given, Iterable) else [given]


def _from_library(given: Any) -> Frames:
    try:
        if isinstance(given, pa.RecordBatchReader):
            return Frames(map(_frame, given))
        if isinstance(given, pa.RecordBatch | pa.Table):
            return Frames([_frame(given)], given.num_rows)
        if isinstance(given, ArrowStreamable) and not isinstance(given, Sized):
            return Frames(map(_frame, pa.RecordBatchReader.from_stream(given)))
        if isinstance(given, ArrowStreamable):  # with a length, such as a pandas frame, it is in memory
            table = pa.RecordBatchReader.from_stream(given).read_all()
            return Frames([_frame(table)], table.num_rows)
        frame = _from_interchange(given)
    except (pa.ArrowException, pl.exceptions.PolarsError, TypeError, ValueError) as error:
        raise _unreadable(given, error) from error
    return Frames([frame], frame.height)


def _from_interchange(given: Interchangeable) -> pl.DataFrame:
    from pyarrow.interchange import from_dataframe  # noqa: PLC0415 - 30 ms

    return _frame(from_dataframe(given))


def _frame(rows: pa.Table | pa.RecordBatch) -> pl.DataFrame:
    """Convert rows to Polars, without unnamed pandas indexes, which say nothing of the rows."""
    frame = pl.from_arrow(rows)
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - columns never become a series
    return frame.drop([name for name in frame.columns if name.startswith(UNNAMED_INDEX)])


def _from_columns(given: Mapping[Any, Any]) -> Frames | None:
    """Read a mapping of columns; None for a mapping of single values, which is one resource."""
    values = given.get("identifier")
    if values is None or isinstance(values, str | ResourceModel) or not isinstance(values, Iterable):
        return None
    try:
        frame = pl.DataFrame(given)
    except (pl.exceptions.PolarsError, TypeError, ValueError) as error:
        raise _unreadable(given, error) from error
    return Frames([frame], frame.height)


def _parts(given: object) -> Iterable[pl.DataFrame]:
    frames = frames_of(given)
    if frames is None:
        msg = f"Among batches there is a {type(given).__name__}, which holds no columns."
        raise FieldTypeMismatch(msg, got=type(given).__name__)
    return frames.source


def _unreadable(given: object, error: Exception) -> FieldTypeMismatch:
    kind = f"{type(given).__module__.partition('.')[0]} {type(given).__name__}"
    said = str(error).partition("\n")[0][:200]
    msg = (
        f"The columns of a {kind} cannot be read as Arrow's: {said}. "
        "Give each column one type; in pandas, .convert_dtypes() finds it."
    )
    return FieldTypeMismatch(msg, got=kind, reason=said)
