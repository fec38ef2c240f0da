"""How soon do the columnar copies hold a commit, and what disk and memory do they take?

The time of a commit runs from the moment when its writer has the answer until the server tells that the
copies of all types hold it; the server is asked every five milliseconds. Building runs from the start of the
server until all copies are there. While many rows are applied, one client retrieves volumes and another
counts as of the instant before, both beside the same calls on a quiet server. The disk that copies take is
divided by that of the same rows, versions that ended included, as Arrow IPC without compression.
"""

from __future__ import annotations

import itertools
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import pyarrow as pa

from bench._harness.candidates import POSTGRES, SERVER, tell
from bench._harness.copies import await_copies
from bench._harness.environment import served
from bench._harness.figures import Answer, Measured
from bench._harness.processes import watching
from bench._harness.summary import Range, percentile
from bench.columnar.column_questions import LARGE_MB
from bench.peers.calls import seconds_of
from vxdata.schemas.catalog.registry import registry
from vxdata.sdk import Client, F

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from bench._harness.environment import Environment
    from bench._harness.scale import Scale
    from vxdata.sdk import Query

MILLISECONDS: Final = 1e3
MEGABYTE: Final = 1e6
QUIET_SECONDS: Final = 3.0
RETRIEVE: Final = "retrieve of one identifier"
PAST: Final = "count as of the past"
QUIET: Final = "alone"


def answer(environment: Environment, scale: Scale) -> Answer:
    """Build, then commit little and much."""
    rows, commits = scale.of(100_000, 5_000), scale.of(40, 5)
    with ExitStack() as stack:
        uri = stack.enter_context(environment.database("bench_copying", with_data=True))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vxdata-bench-")))
        started = time.perf_counter()
        server = stack.enter_context(served(uri, copies=True, cache_dir=folder))
        client = stack.enter_context(Client(server.url))
        with watching({SERVER: server.pid, **environment.watch}) as building:
            await_copies(client)
        built = time.perf_counter() - started
        disk = _disk(folder) / _ipc_bytes(client)
        names = environment.first("volumes", max(rows, commits))
        one = [_until_applied(client, names[number : number + 1], number) for number in range(commits)]
        busy = f"while {rows:,} rows are applied"
        with watching({SERVER: server.pid}) as applying:
            many, calls = _apply_beside_reads(server.url, names[:rows], scale.rounds, busy)
        later = _disk(folder) / _ipc_bytes(client)
    tables = {
        work: {when: Measured.of_calls(each, series[QUIET]) for when, each in series.items()}
        for work, series in calls.items()
    }
    return Answer(
        tables=tables,
        values={
            "from commit to copy, one row: ms": _range(one, MILLISECONDS),
            "from commit to copy, many rows: s": Range.of(many),
            "disk of the copies ÷ Arrow IPC": _exactly(disk),
            "disk of the copies ÷ Arrow IPC, after all commits": _exactly(later),
            "building: s": _exactly(built),
            "building: MB of the server, most": _exactly(building[SERVER].peak.resident / MEGABYTE),
            "building: CPU seconds of the server": _exactly(building[SERVER].cpu_seconds),
            "building: CPU seconds of PostgreSQL": _exactly(building[POSTGRES].cpu_seconds),
            "applying many rows: MB of the server, most": _exactly(applying[SERVER].peak.resident / MEGABYTE),
        }
        | {
            f"{work} {busy}: p50 ÷ alone": _exactly(
                percentile(series[busy], 50) / percentile(series[QUIET], 50)
            )
            for work, series in calls.items()
        },
        notes=(f"Many rows are {rows:,}.",),
    )


def _until_applied(client: Client, names: Sequence[str], value: float) -> float:
    """Update volumes, and tell the seconds from the answer until the copies hold them."""
    frame = pl.DataFrame({"identifier": names}).with_columns(b_value=pl.lit(float(value) + 0.5))
    receipt = client.volumes.update(frame)
    return seconds_of(lambda: await_copies(client, receipt.version))


def _apply_beside_reads(
    url: str, names: Sequence[str], rounds: int, busy: str
) -> tuple[list[float], dict[str, dict[str, list[float]]]]:
    """Commit many rows, each time beside both kinds of reads; and let these go on alone before.

    Returns:
        Seconds from each commit to the copies; and those of the reads, by kind and when.
    """
    with Client(url) as writer, Client(url) as reader, Client(url) as other:
        ago = writer.now().as_of
        steps, turns = itertools.count(1), itertools.cycle(names)

        def retrieve() -> object:
            return reader.volumes.retrieve(next(turns), include_children=False)

        def count_past() -> object:
            instant = ago - timedelta(microseconds=next(steps))
            return other.volumes.query().filter(F.size_mb > LARGE_MB).as_of(instant).count()

        works: dict[str, Callable[[], object]] = {RETRIEVE: retrieve, PAST: count_past}
        series: dict[str, dict[str, list[float]]] = {work: {QUIET: [], busy: []} for work in works}
        with _repeating(works, {work: each[QUIET] for work, each in series.items()}):
            time.sleep(QUIET_SECONDS)
        found = []
        for number in range(rounds):
            frame = pl.DataFrame({"identifier": names}).with_columns(b_value=pl.lit(1000.0 + number))
            receipt = writer.volumes.update(frame)
            with _repeating(works, {work: each[busy] for work, each in series.items()}):
                found.append(seconds_of(partial(await_copies, writer, receipt.version)))
            tell(f"  {len(names):,} rows: {found[-1]:.3f} s")
    return found, series


@contextmanager
def _repeating(
    works: Mapping[str, Callable[[], object]], seconds: Mapping[str, list[float]]
) -> Iterator[None]:
    """Do each work again and again in a thread of its own, as long as the block runs.

    Args:
        works: By name; each is done once at least.
        seconds: Takes the time of each call, by name.

    Yields:
        Once all have begun.
    """
    ended = threading.Event()

    def repeat(name: str) -> None:
        seconds[name].append(seconds_of(works[name]))
        while not ended.is_set():
            seconds[name].append(seconds_of(works[name]))

    with ThreadPoolExecutor(len(works)) as pool:
        running = [pool.submit(repeat, name) for name in works]
        try:
            yield
        finally:
            ended.set()
        for each in running:
            each.result()


def _disk(folder: Path) -> int:
    """Bytes that the copies take in the cache folder, what has not reached their file yet included."""
    return sum(path.stat().st_size for path in (folder / "copies").rglob("*") if path.is_file())


def _ipc_bytes(client: Client) -> int:
    """Bytes of all versions of all types as streams of Arrow IPC."""
    return sum(map(_stream_bytes, (client.namespace(each.prefix).query().history() for each in registry())))


def _stream_bytes(query: Query[Any]) -> int:
    sink = pa.MockOutputStream()
    with query.iter_batches() as frames:
        first = next(frames).to_arrow()
        with pa.ipc.new_stream(sink, first.schema) as writer:
            writer.write_table(first)
            for frame in frames:
                writer.write_table(frame.to_arrow())
    return int(sink.size())


def _range(values: Sequence[float], factor: float) -> Range:
    return Range.of([factor * value for value in values])


def _exactly(value: float) -> Range:
    return Range.of([value])
