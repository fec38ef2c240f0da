"""Does a small read notice clients that hold on to what they have?

One client retrieves volumes, first alone, then while another process has opened 16 pulls that it does not
read, sends 8 uploads of a section a second each, and holds 200 sockets on which it says nothing. Each volume
is retrieved once, so none is answered from what was kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench._harness.candidates import SERVER, Candidate, run_once
from bench._harness.environment import served
from bench._harness.figures import Answer, Measured
from bench._harness.summary import Range, percentile
from bench.peers.sharing import BESIDE, QUIET, point_reads

if TYPE_CHECKING:
    from bench._harness.environment import Environment
    from bench._harness.scale import Scale

PERCENT = 99


def answer(environment: Environment, scale: Scale) -> Answer:
    """Measure both, in as many rounds as are asked for, each with a server of its own."""
    calls = scale.of(1_000, 100)
    volumes = environment.first("volumes", 2 * scale.rounds * calls)
    parts = []
    for number in range(scale.rounds):
        with served(environment.uri) as server:
            arguments = (server.url, volumes, calls)
            candidate = Candidate(point_reads, arguments, environment.watch | {SERVER: server.pid})
            parts.append(run_once(candidate, number).moved.series)
    whole = {name: [value for part in parts for value in part[name]] for name in (QUIET, BESIDE)}
    ratios = [percentile(part[BESIDE], PERCENT) / percentile(part[QUIET], PERCENT) for part in parts]
    return Answer(
        tables={
            "retrieve of one identifier": {
                name: Measured.of_calls(seconds, whole[QUIET]) for name, seconds in whole.items()
            }
        },
        values={"p99 beside the others ÷ p99 alone": Range.of(ratios)},
    )
