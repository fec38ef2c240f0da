"""How long does the same pull take when it has been asked before, and nothing was committed since?

The server has answered twice before the first round, so it may have kept the answer. Two limits stand
beside it: ADBC, which reads from PostgreSQL each time, and a Flight server that holds the same batches in
memory and does nothing but send them. Both servers are read by the same code: our client into a frame, and
a bare Flight client into an Arrow table.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from bench._harness.candidates import SERVER, Candidate, divided, in_turn, run_once, tabled
from bench._harness.environment import served
from bench._harness.figures import Answer
from bench.data import select_volumes
from bench.peers import adbc, memory, vxdata

if TYPE_CHECKING:
    from bench._harness.environment import Environment
    from bench._harness.scale import Scale

OURS: Final = "VxData → Polars"
PEER: Final = "ADBC → Polars"
HELD: Final = "Flight server, all in memory → Polars"
OURS_ARROW: Final = "VxData → Arrow"
HELD_ARROW: Final = "Flight server, all in memory → Arrow"


def answer(environment: Environment, scale: Scale) -> Answer:
    """Ask twice, then measure."""
    with ExitStack() as stack:
        candidates = _candidates(environment, stack)
        for number in (-2, -1):
            run_once(candidates[OURS], number)
        found = in_turn(candidates, scale.rounds, warm=scale.warm)
    frames = {name: candidates[name] for name in (OURS, PEER, HELD)}
    tables = {name: candidates[name] for name in (OURS_ARROW, HELD_ARROW)}
    return Answer(
        tables={
            "pull of all volumes, again": tabled({name: found[name] for name in frames}, frames, PEER),
            "the same, into Arrow": tabled({name: found[name] for name in tables}, tables, HELD_ARROW),
        },
        values={
            "time ÷ ADBC → Polars": divided(found, OURS, PEER),
            "bytes/s ÷ Flight server, into Polars": divided(found, HELD, OURS),
            "bytes/s ÷ Flight server, into Arrow": divided(found, HELD_ARROW, OURS_ARROW),
        },
    )


def _candidates(environment: Environment, stack: ExitStack) -> dict[str, Candidate]:
    server = stack.enter_context(served(environment.uri))
    held = stack.enter_context(memory.holder(server.url))
    ours, other = environment.watch | {SERVER: server.pid}, {SERVER: held.pid}
    return {
        OURS: Candidate(vxdata.to_polars, (server.url,), ours),
        PEER: Candidate(adbc.to_polars, (environment.uri, select_volumes()), environment.watch),
        HELD: Candidate(vxdata.to_polars, (held.url,), other),
        OURS_ARROW: Candidate(vxdata.to_arrow, (server.url,), ours),
        HELD_ARROW: Candidate(vxdata.to_arrow, (held.url,), other),
    }
