"""How long does a pull take over HTTP, beside the same pull over Flight?

Volumes as an Arrow table, from a thousand to a million of them, by a bare client of each: pyarrow's of
Flight, and Python's own of HTTP, whose bytes pyarrow reads while they arrive. The server keeps no results, so
both wait for PostgreSQL. The first byte is that of the first batch, which both wait for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bench._harness.candidates import SERVER, Candidate, divided, in_turn, tabled, tell
from bench._harness.environment import served
from bench._harness.figures import Answer, Measured
from bench._harness.summary import Range
from bench.peers import over_http

if TYPE_CHECKING:
    from bench._harness.candidates import Server
    from bench._harness.environment import Environment
    from bench._harness.scale import Scale

OURS: Final = "HTTP"
PEER: Final = "Flight"
MILLISECONDS: Final = 1e3
MEGABYTE: Final = 1e6


def answer(environment: Environment, scale: Scale) -> Answer:
    """Measure each size, then the first batch of the largest."""
    sizes = scale.of((1_000, 10_000, 100_000, 1_000_000), (1_000, 10_000))
    tables: dict[str, dict[str, Measured]] = {}
    worst = Range.of([0.0])
    with served(environment.uri, cache_bytes=0) as server:
        for rows in sizes:
            tell(f"  {rows:,} volumes")
            candidates = _candidates(environment, server, rows)
            found = in_turn(candidates, scale.rounds, warm=scale.warm)
            tables[f"pull of {rows:,} volumes"] = tabled(found, candidates, PEER)
            worst = max(worst, divided(found, OURS, PEER), key=lambda each: each.median)
        largest = tables[f"pull of {sizes[-1]:,} volumes"][OURS].usage[SERVER]
        candidates = _candidates(environment, server, sizes[-1], first=True)
        begun = in_turn(candidates, scale.rounds, warm=scale.warm)
        tables[f"first batch of {sizes[-1]:,} volumes"] = tabled(begun, candidates, PEER)
    return Answer(
        tables=tables,
        values={
            "time ÷ Flight, of the size where it is most": worst,
            "ms to the first batch": Range.of([MILLISECONDS * each.seconds for each in begun[OURS]]),
            "MB added to the server's memory": Range.of([largest.added_resident / MEGABYTE]),
        },
    )


def _candidates(
    environment: Environment, server: Server, rows: int, *, first: bool = False
) -> dict[str, Candidate]:
    watch = environment.watch | {SERVER: server.pid}
    return {
        OURS: Candidate(over_http.by_http, (server.http_url, rows, first), watch),
        PEER: Candidate(over_http.by_flight, (server.url, rows, first), watch),
    }
