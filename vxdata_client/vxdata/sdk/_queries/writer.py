"""Sinks: a result that is written to a file while it arrives, whatever its size."""

from __future__ import annotations

import errno
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from vxdata.schemas.plan import Plan
from vxdata.sdk._progress_bar import progress_bar
from vxdata.sdk._queries.result import count_by_server, metadata_of
from vxdata.sdk._snapshot import Snapshot
from vxdata.sdk._storage.user_paths import expanded, named
from vxdata.sdk._storage.whole_files import require_file, rewritten_file
from vxdata.sdk._transport.base import TIMELESS
from vxdata.sdk._transport.retry import retry_read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import IO, NoReturn

    from tqdm.auto import tqdm

    from vxdata.schemas.cohorts import CohortPlan
    from vxdata.sdk._storage.user_paths import StrPath
    from vxdata.sdk._transport.base import Stream, Transport

GROUP_BYTES: Final = 64 * 1024 * 1024
"""Bytes that are written as one row group: readers skip and parallelise by it, writers hold it."""


def sink_parquet(
    transport: Transport, plan: Plan | CohortPlan, path: StrPath, *, progress: bool = True
) -> Snapshot:
    """Write the result of a plan to a Parquet file while it arrives.

    The file appears under its name when it is whole: until then it has another one beside it, which is
    removed on failure and on Ctrl-C. Where the server is started again meanwhile, the file is begun anew.
    Its metadata hold the snapshot, under ``vxdata.as_of`` and ``vxdata.version``, or of rows of a catalog its
    name, digest and release. A link is followed, and a file that is replaced keeps its mode.

    Args:
        transport: The way to the server.
        plan: What is asked.
        path: The file; one that exists is replaced. ``~`` is the home folder.
        progress: Whether to show a progress bar.

    Returns:
        The snapshot of what was read.

    Raises:
        InvalidRequest: The server refuses the plan.
        ServiceProblem: The server cannot be reached or cannot answer.
        LocalFileProblem: The file system cannot hold the name.
        OSError: The file cannot be written, or there is something that is no file, such as a device.
    """
    target = expanded(path)
    with named(path):
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, "A directory, and sink_parquet takes the name of a file")
        require_file(target)
        return retry_read(partial(_sink, transport, plan, target, progress=progress), transport)


def _sink(transport: Transport, plan: Plan | CohortPlan, target: Path, *, progress: bool) -> Snapshot:
    total = None
    if progress and isinstance(plan, Plan) and _is_cheap_to_count(plan):
        total, as_of = count_by_server(transport, plan)
        if as_of != TIMELESS:
            plan = plan.model_copy(update={"as_of": as_of})
    stream = transport.read(plan)
    snapshot = Snapshot(stream.as_of, stream.version)
    with closing(stream.batches), rewritten_file(target) as file, _bar(target, total, shown=progress) as bar:
        _write(stream, file, bar)
    return snapshot


def _is_cheap_to_count(plan: Plan) -> bool:
    """Whether PostgreSQL counts the rows in a small part of the time that it takes to send them.

    A condition may be costly, and would be checked twice.
    """
    is_whole = plan.where is None and plan.group_by is None and plan.first_per is None
    return is_whole and not (plan.distinct or plan.history)


def _write(stream: Stream, file: IO[bytes], bar: tqdm[NoReturn]) -> None:
    from pyarrow.parquet import ParquetWriter  # noqa: PLC0415 - for those who write files

    schema = stream.arrow_schema.with_metadata(metadata_of(stream))
    with ParquetWriter(file, schema, compression="zstd") as writer:
        for group in _groups(stream.batches, bar):
            writer.write_table(pa.Table.from_batches(group, schema=stream.arrow_schema).cast(schema))


def _groups(batches: Iterable[pa.RecordBatch], bar: tqdm[NoReturn]) -> Iterator[list[pa.RecordBatch]]:
    """Gather batches up to the size of a row group, and tell the bar what has come."""
    group: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        bar.update(batch.num_rows)
        group.append(batch)
        size += batch.nbytes
        if size >= GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def _bar(target: Path, total: int | None, *, shown: bool) -> tqdm[NoReturn]:
    return progress_bar(target.name, shown=shown and total != 0, total=total, unit=" rows", unit_scale=True)
