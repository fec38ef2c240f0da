"""Streams: a result as frames that arrive one after another, in bounded memory."""

from __future__ import annotations

import warnings
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Self

import pyarrow as pa

from vxdata.schemas.errors import InvalidRequest, ServerUnavailable
from vxdata.sdk._conversion.frames import frame_of
from vxdata.sdk._snapshot import Snapshot
from vxdata.sdk._transport.retry import retry_read

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from types import TracebackType

    import polars as pl

    from vxdata.schemas.cohorts import CohortPlan
    from vxdata.schemas.plan import Plan
    from vxdata.sdk._transport.base import Stream, Transport


class BatchStream:
    """The frames of a result while they arrive.

    An iterator, and a context manager that ends the query when it is left. Leaving it early, Ctrl-C and
    dropping the stream cancel the query on the server. There is at least one frame; where nothing was
    found, it is empty. What is not yet asked for stays with the server, save a few megabytes; the server ends
    a result that no reader continues for long (`stall_limit`, five minutes), with `RequestTimedOut`.

    A stream that breaks off after its first frame raises `ServerUnavailable` and does not begin again by
    itself, since the rows that came before are not known; `snapshot` reads the same rows from the start.
    Rows of a catalog have no snapshot; `origin` tells the release that they show.

    Args:
        stream: The answer.
        begun: Batches of it that were taken already.
        batch_rows: Rows of each frame but the last; as they arrive if None.
    """

    def __init__(
        self, stream: Stream, begun: Sequence[pa.RecordBatch] = (), batch_rows: int | None = None
    ) -> None:
        """Keep the parts."""
        self._stream = stream
        self.snapshot = Snapshot(stream.as_of, stream.version)
        self.origin = stream.origin
        # Made by functions that do not know this object: without a cycle, dropping it ends the query at once.
        frames = _frames(stream, chain(begun, stream.batches))
        self._ready = frames if batch_rows is None else _resized(frames, batch_rows)

    @property
    def token(self) -> Snapshot:
        """The former name of `snapshot`, to be removed in the next version."""
        warnings.warn("BatchStream.token is now BatchStream.snapshot.", DeprecationWarning, stacklevel=2)
        return self.snapshot

    def __iter__(self) -> Self:
        """Iterate once over what has not been taken yet."""
        return self

    def __next__(self) -> pl.DataFrame:
        """Wait for the next frame.

        Raises:
            ServerUnavailable: The stream broke off.
            RequestTimedOut: The client's timeout passed, or the frames were left waiting for too long.
        """
        return next(self._ready)

    def close(self) -> None:
        """End the stream; if rows are still to come, the query is cancelled on the server."""
        self._ready.close()
        self._stream.batches.close()

    def __enter__(self) -> Self:
        """Use the stream for the length of a block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End the stream."""
        self.close()


def iter_batches(transport: Transport, plan: Plan | CohortPlan, batch_rows: int | None = None) -> BatchStream:
    """Run a plan and stream its result.

    While no rows have come, a server that is started again is waited for.

    Args:
        transport: The way to the server.
        plan: What is asked.
        batch_rows: Rows of each frame but the last; as they arrive if None.

    Returns:
        The frames; their first rows are there.

    Raises:
        InvalidRequest: The server refuses the plan, or `batch_rows` is no number of rows.
        ServiceProblem: The server cannot be reached or cannot answer.
    """
    if batch_rows is not None and (type(batch_rows) is not int or batch_rows < 1):
        msg = f"batch_rows takes a number of rows, 1 or more, not {batch_rows!r:.80}."
        raise InvalidRequest(msg, batch_rows=repr(batch_rows)[:80])
    stream, first = retry_read(partial(_begun, transport, plan), transport)
    return BatchStream(stream, first, batch_rows)


def read_whole(transport: Transport, plan: Plan | CohortPlan) -> tuple[pa.Table, Snapshot]:
    """Run a plan and fetch its whole result.

    Where the server is started again meanwhile, the plan is run again from the beginning: no caller has seen
    any of the rows.

    Args:
        transport: The way to the server.
        plan: What is asked.

    Returns:
        All rows, and the snapshot that they were read at.

    Raises:
        InvalidRequest: The server refuses the plan.
        ServiceProblem: The server cannot be reached or cannot answer.
    """
    table, stream = read_with_origin(transport, plan)
    return table, Snapshot(stream.as_of, stream.version)


def read_with_origin(transport: Transport, plan: Plan | CohortPlan) -> tuple[pa.Table, Stream]:
    """Run a plan and fetch its whole result, as `read_whole` does.

    Args:
        transport: The way to the server.
        plan: What is asked.

    Returns:
        All rows, and the stream that they came by, which tells where they come from.

    Raises:
        InvalidRequest: The server refuses the plan.
        ServiceProblem: The server cannot be reached or cannot answer.
    """
    return retry_read(partial(_whole, transport, plan), transport)


def _whole(transport: Transport, plan: Plan | CohortPlan) -> tuple[pa.Table, Stream]:
    stream = transport.read(plan, whole=True)
    return pa.Table.from_batches(stream.batches, schema=stream.arrow_schema), stream


def _begun(transport: Transport, plan: Plan | CohortPlan) -> tuple[Stream, list[pa.RecordBatch]]:
    """Read up to the first batch, if there is one."""
    stream = transport.read(plan)
    return stream, [batch for batch in (next(stream.batches, None),) if batch is not None]


def _frames(stream: Stream, batches: Iterator[pa.RecordBatch]) -> Generator[pl.DataFrame]:
    """A frame for each batch that holds rows, or one without rows."""
    rows = 0
    try:
        for batch in batches:
            if batch.num_rows:
                rows += batch.num_rows
                yield frame_of(pa.Table.from_batches([batch], stream.arrow_schema))
    except ServerUnavailable as error:
        raise _broken_off(rows, stream) from error
    if rows == 0:
        yield frame_of(stream.arrow_schema.empty_table())


def _broken_off(rows: int, stream: Stream) -> ServerUnavailable:
    if stream.origin is not None:
        return ServerUnavailable(f"The stream broke off after {rows:,} rows. Begin again.", rows=rows)
    as_of = stream.as_of.isoformat()
    msg = (
        f"The stream broke off after {rows:,} rows. Begin again with .as_of({as_of!r}) to read the same rows."
    )
    return ServerUnavailable(msg, rows=rows, as_of=as_of)


def _resized(frames: Generator[pl.DataFrame], rows: int) -> Generator[pl.DataFrame]:
    """Cut and join frames so that each has so many rows; the last has what is left."""
    waiting = next(frames)
    for frame in frames:
        while waiting.height >= rows:
            yield waiting[:rows]
            waiting = waiting[rows:]
        waiting = frame if waiting.is_empty() else waiting.vstack(frame)
    yield from waiting.iter_slices(rows) if waiting.height else (waiting,)
