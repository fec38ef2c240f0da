"""How long does somebody who asks for all volumes wait for the first of them?

Nothing has been kept of the answer: a tiny commit precedes each of our rounds. The rest of the answer is
cancelled and not timed. ADBC is asked with its own batch size, and with that of our server.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from bench._harness.candidates import SERVER, Candidate, divided, in_turn, tabled
from bench._harness.environment import served
from bench._harness.figures import Answer
from bench._harness.summary import Range
from bench.data import Toucher, select_volumes
from bench.peers import adbc, vxdata
from vxdata.server.database.connection import BATCH_BYTES

if TYPE_CHECKING:
    from bench._harness.environment import Environment
    from bench._harness.scale import Scale

OURS: Final = "VxData"
PEER: Final = "ADBC"


def answer(environment: Environment, scale: Scale) -> Answer:
    """Measure the first frame of both."""
    arguments = (environment.uri, select_volumes())
    with ExitStack() as stack:
        server = stack.enter_context(served(environment.uri))
        touch = Toucher(server.url, environment.first_volume)
        stack.callback(touch.close)
        watch = environment.watch
        candidates = {
            OURS: Candidate(vxdata.first_frame, (server.url,), watch | {SERVER: server.pid}, before=touch),
            PEER: Candidate(adbc.first_batch, arguments, watch),
            "ADBC, batches of our size": Candidate(adbc.first_batch, (*arguments, BATCH_BYTES), watch),
        }
        found = in_turn(candidates, scale.rounds, warm=scale.warm)
    return Answer(
        tables={"first frame of all volumes": tabled(found, candidates, PEER)},
        values={
            "milliseconds": Range.of([1e3 * each.seconds for each in found[OURS]]),
            "time ÷ ADBC's first batch": divided(found, OURS, PEER),
        },
    )
