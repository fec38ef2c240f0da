"""Calls that columnar copies do not answer, and many clients whose questions they do."""

from __future__ import annotations

import itertools
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from bench._harness.copies import await_copies
from bench._harness.figures import Moved
from bench.data import read_volumes
from bench.peers.calls import WARM_CALLS, seconds_of
from vxdata.sdk import Client, F, count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import ExitStack
    from pathlib import Path

    from bench._harness.candidates import Work
    from vxdata.sdk import Query

MANY: Final = 1_000
APART_SECONDS: Final = 0.1
"""Between two writes without copies, which would have taken about as long to hold the first."""

ON: Final = "copies on"
OFF: Final = "copies off"
BACK_TO_BACK: Final = ", back to back"
WRITES: Final = 4
"""Part of the calls that writes are: one in four."""


@contextmanager
def small_calls(
    number: int, url: str, path: Path, volumes: Sequence[str], calls: int, who: str
) -> Iterator[Work]:
    """Read single rows, then write few, each kind by itself after some calls that do not count.

    Args:
        number: Of the round.
        url: The server.
        path: Arrow file with volumes, which are created under new names.
        volumes: Those that are read and updated.
        calls: Calls of each kind of read.
        who: Which server it is: writes that are not made back to back wait for its copies, or as long.
    """
    with Client(url) as client:
        wait = partial(await_copies, client) if who == ON else partial(time.sleep, APART_SECONDS)

        def work() -> Moved:
            series = {}
            for kind in _kinds(client, path, volumes, number):
                count = calls if kind.reads else calls // WRITES
                _seconds(kind, WARM_CALLS, wait)
                series[kind.name] = _seconds(kind, count, wait)
            return Moved(sum(map(len, series.values())), series=series)

        yield work


@dataclass(frozen=True)
class _Kind:
    """One kind of call.

    Args:
        name: What a reader calls it.
        call: Makes it.
        reads: Whether it reads.
        waits: Whether the copies have to hold the last commit before the next call.
    """

    name: str
    call: Callable[[], object]
    reads: bool = False
    waits: bool = False


def _seconds(kind: _Kind, count: int, wait: Callable[[], object]) -> list[float]:
    found = []
    for _ in range(count):
        found.append(seconds_of(kind.call))
        if kind.waits:
            wait()
    return found


def _kinds(client: Client, path: Path, volumes: Sequence[str], number: int) -> list[_Kind]:
    """Every kind, reads first: nothing has been written then that copies have to apply."""
    turns, values = itertools.cycle(volumes), itertools.count(1000 * number)
    given, labels = read_volumes(path, MANY), (f"/{uuid.uuid4().hex}" for _ in itertools.count())
    names = pl.DataFrame({"identifier": volumes[:MANY]})

    def create(rows: int) -> object:
        return client.volumes.create(given.head(rows).with_columns(pl.col("identifier") + next(labels)))

    def update(rows: int) -> object:
        return client.volumes.update(names.head(rows).with_columns(b_value=pl.lit(next(values) + 0.25)))

    return [
        _Kind(
            "retrieve of one",
            lambda: client.volumes.retrieve(next(turns), include_children=False),
            reads=True,
        ),
        _Kind("limit(10)", client.volumes.query().limit(10).collect, reads=True),
        _Kind("create of one row", partial(create, 1), waits=True),
        _Kind(f"create of {MANY:,} rows", partial(create, MANY), waits=True),
        _Kind("update of one row", partial(update, 1), waits=True),
        _Kind(f"update of {MANY:,} rows", partial(update, MANY), waits=True),
        _Kind(f"create of one row{BACK_TO_BACK}", partial(create, 1)),
        _Kind(f"update of one row{BACK_TO_BACK}", partial(update, 1)),
    ]


def asking(stack: ExitStack, url: str) -> Callable[[], object]:
    """Connect one client that never asks what it, or another, has asked before.

    Args:
        stack: Closes the connection.
        url: The server.

    Returns:
        The call: each time another question about all volumes.
    """
    client = stack.enter_context(Client(url))
    # No two clients have the same constants: each draws its own, over all processes.
    begin = uuid.uuid4().int % 10**9 / 10**7
    steps = itertools.count()

    def call() -> object:
        step = next(steps)
        return KINDS[step % len(KINDS)](client.volumes.query(), begin + step * 1e-6)

    return call


def _counted(volumes: Query[Any], limit: float) -> int:
    return volumes.filter(F.size_mb > limit).count()


def _found(volumes: Query[Any], limit: float) -> int:
    return volumes.filter(F.series_description.contains("t2"), F.size_mb > limit).count()


def _grouped(volumes: Query[Any], limit: float) -> pl.DataFrame:
    return volumes.filter(F.size_mb > limit).group_by("modality").agg(count(), F.size_mb.sum()).collect()


def _median(volumes: Query[Any], limit: float) -> pl.DataFrame:
    return volumes.filter(F.size_mb > limit).group_by("manufacturer").agg(F.size_mb.quantile(0.5)).collect()


KINDS: Final = (_counted, _found, _grouped, _median)
