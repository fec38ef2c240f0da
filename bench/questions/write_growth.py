"""How does the time of writes grow with their rows?

Every verb writes rows that are all right, wrong in one place, wrong in all, with their parents in the same
call, below each other in one chain, and of all types at once. Each size has a database of its own with the
server's cache off; a point is the median of some calls, of one from 100,000 rows on. Two lines are put
through the points of each curve: one through the logarithms, whose slope is the power that the time grows
with (1 is in proportion), and a straight one. Small writes have costs of their own, so slopes begin below 1.
The steepest step from one size to the next, from 10,000 rows on, shows where a cliff would begin.
"""

from __future__ import annotations

import math
import secrets
import statistics
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import polars as pl

from bench._harness.candidates import tell
from bench._harness.environment import served
from bench._harness.figures import Answer
from bench._harness.summary import Range
from bench._harness.timing import curve
from bench.growth import writes
from vxdata.schemas.errors import VxDataError
from vxdata.sdk._transport.flight import FlightTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bench._harness.environment import Environment
    from bench._harness.figures import Curve
    from bench._harness.scale import Scale
    from bench.growth.writes import Tables
    from vxdata.schemas.wire import Verb
    from vxdata.sdk._resources.upload import WriteRequest

SIZES: Final = (1_000, 10_000, 100_000, 1_000_000)
QUICK_SIZES: Final = (300, 1_000, 3_000, 10_000)
ONCE_FROM: Final = 100_000
"""Rows from which on each write is timed once."""

BENDS_FROM: Final = 10_000

Step = tuple[str, "WriteRequest", bool]
"""What is written, how, and whether it is refused."""


def answer(environment: Environment, scale: Scale) -> Answer:
    """Let writes grow."""
    points: dict[str, dict[float, float]] = {}
    for size in scale.of(SIZES, QUICK_SIZES):
        for work, seconds in _measured(environment, size, 1 if size >= ONCE_FROM else scale.rounds).items():
            points.setdefault(work, {})[size] = seconds
            tell(f"  {size:,} rows, {work}: {seconds:.3f} s")
    curves = {work: curve("rows", "s", found) for work, found in points.items()}
    return Answer(curves=curves, values=_values(points, curves))


def _values(points: Mapping[str, Mapping[float, float]], curves: Mapping[str, Curve]) -> dict[str, Range]:
    """The steepest curve and step, and what refusals and parents cost at the greatest size."""
    steepest = max(curves, key=lambda work: curves[work].power.slope)
    bends = {work: _steepest_step(found) for work, found in points.items()}
    bent = max(bends, key=bends.__getitem__)
    valid, last = points["create, all valid"], max(points["create, all valid"])
    found = {
        f"largest slope ({steepest})": curves[steepest].power.slope,
        f"steepest step ({bent})": bends[bent],
        "create with one missing parent: time ÷ all valid": points["create, one bad"][last] / valid[last],
        "create with one parent in the call: time ÷ all valid": points["create, one parent in the call"][last]
        / valid[last],
    }
    return {name: Range.of([value]) for name, value in found.items()}


def _steepest_step(found: Mapping[float, float]) -> float:
    """The greatest slope between neighbouring sizes, where a write takes more than a round trip."""
    steps = list(pairwise(sorted(found.items())))
    large = [step for step in steps if step[0][0] >= BENDS_FROM] or steps[-1:]
    return max(math.log(after / before) / math.log(to / size) for (size, before), (to, after) in large)


def _measured(environment: Environment, size: int, times: int) -> dict[str, float]:
    """What each write of a size takes."""
    taken: dict[str, list[float]] = {}
    with (
        environment.database("bench_writes", with_data=False) as uri,
        served(uri, cache_bytes=0, allow_purge=True) as server,
    ):
        transport = FlightTransport(server.url, None)
        source = pl.DataFrame({"identifier": [writes.SOURCE], "license": ["CC0"]})
        writes.request("create", [("datasource", source)]).send(transport)
        for _ in range(times):
            for work, request, is_refused in _steps(secrets.token_hex(4), size):
                taken.setdefault(work, []).append(_seconds(transport, request, is_refused=is_refused))
        transport.close()
    return {work: statistics.median(seconds) for work, seconds in taken.items()}


def _seconds(transport: FlightTransport, request: WriteRequest, *, is_refused: bool) -> float:
    started = time.perf_counter()
    try:
        request.send(transport)
    except VxDataError:
        if not is_refused:
            raise
        return time.perf_counter() - started
    assert not is_refused
    return time.perf_counter() - started


def _steps(tag: str, size: int) -> Iterator[Step]:
    """All writes of a size, in an order in which each finds what it needs."""
    right = writes.volumes(f"{tag}-right", size)
    deep = writes.chain(f"{tag}-deep", size)
    below = writes.with_parents(f"{tag}-below", size)
    wide = writes.wide(f"{tag}-wide", size)
    root = deep.head(1)
    yield from _creates(tag, size, [("volume", right)])
    groups: dict[str, Tables] = {"parents in the call": below, "all types": wide}
    for what, tables in {"deep chain": [("volume", deep)], **groups}.items():
        yield f"create, {what}", writes.request("create", tables), False
    unknown: Tables = [("volume", writes.volumes(f"{tag}-unknown", size))]
    one_bad: Tables = [("volume", writes.with_first(right, "identifier", "volume/unknown"))]
    groups["all valid"] = [("volume", right)]
    yield from _changes("update", writes.changed, groups, one_bad, unknown)
    other: Tables = [("datasource", writes.plain("datasource", f"{tag}-other", 1).drop("parent_identifier"))]
    yield "create, one", writes.request("create", other), False
    moved = root.select("identifier", parent_identifier=pl.lit(other[0][1]["identifier"][0]))
    yield "update, deep chain", writes.request("update", [("volume", moved)]), False
    yield from _changes("delete", writes.named, groups, one_bad, unknown)
    named_root = writes.named([("volume", root)])
    yield "delete, deep chain", writes.request("delete", named_root, cascade=True), False
    yield from _changes("restore", writes.named, groups, one_bad, unknown)
    yield "restore, deep chain", writes.request("restore", named_root, cascade=True), False
    yield from _changes("purge", writes.named, groups, one_bad, unknown)
    yield "purge, deep chain", writes.request("purge", named_root), False


def _creates(tag: str, size: int, right: Tables) -> Iterator[Step]:
    yield "create, all valid", writes.request("create", right), False
    new = writes.volumes(f"{tag}-missing", size)
    missing: Tables = [("volume", writes.with_first(new, "parent_identifier", writes.MISSING))]
    yield "create, one bad", writes.request("create", missing), True
    yield "create, all bad", writes.request("create", [("volume", _below(new, writes.MISSING))]), True
    wrong = new.with_columns(b_value=pl.lit(-1.0))
    yield "create, all values wrong", writes.request("create", [("volume", wrong)]), True
    yield "create, all there already", writes.request("create", right), True
    inside = writes.volumes(f"{tag}-inside", size)
    last = inside["identifier"][-1]
    yield (
        "create, one parent in the call",
        writes.request("create", [("volume", writes.with_first(inside, "parent_identifier", last))]),
        False,
    )


def _changes(
    verb: Verb,
    shown: Callable[[Tables], Tables],
    groups: Mapping[str, Tables],
    one_bad: Tables,
    unknown: Tables,
) -> Iterator[Step]:
    """A verb on rows of which one is unknown, or all are, and then on those that it changes."""
    yield f"{verb}, one bad", writes.request(verb, shown(one_bad)), True
    yield f"{verb}, all bad", writes.request(verb, shown(unknown)), True
    for what, tables in groups.items():
        yield f"{verb}, {what}", writes.request(verb, shown(tables)), False


def _below(frame: pl.DataFrame, parent: str) -> pl.DataFrame:
    return frame.with_columns(parent_identifier=pl.lit(parent))
