"""How many models can be created in a second, from values to the commit?

Pydantic models are made from dictionaries of values and created in one call; the clock covers both. Once
more with the models made before it starts. The peer makes the same models, turns them into an Arrow table
and appends that to a bare copy of the table. Each process has created a single model before: what it does
but once, such as PyArrow's import of pandas where that is installed (0.3 s), does not count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bench._harness.candidates import SERVER, Candidate, divided, in_turn, tabled
from bench._harness.environment import served
from bench._harness.figures import Answer, Round
from bench._harness.summary import Range
from bench.peers import plain, writing

if TYPE_CHECKING:
    from bench._harness.environment import Environment
    from bench._harness.scale import Scale

OURS: Final = "VxData, models made and created"
READY: Final = "VxData, models at hand"
PEER: Final = "models made, adbc_ingest"


def answer(environment: Environment, scale: Scale) -> Answer:
    """Measure creates of model lists."""
    rows = 10_000
    with environment.database("bench_models", with_data=True) as uri, served(uri) as server:
        plain.make_tables(uri)
        arguments, watch = (server.url, environment.volumes, rows), environment.watch
        own = watch | {SERVER: server.pid}
        candidates = {
            OURS: Candidate(writing.create_models, arguments, own),
            READY: Candidate(writing.create_ready_models, arguments, own),
            PEER: Candidate(plain.ingest_models, (uri, environment.volumes, rows), watch),
        }
        found = in_turn(candidates, scale.rounds, warm=scale.warm)
    return Answer(
        tables={f"create of {rows:,} models": tabled(found, candidates, PEER)},
        values={
            "models/s, made and created": _per_second(found[OURS]),
            "models/s, models at hand": _per_second(found[READY]),
            "time ÷ adbc_ingest of models": divided(found, OURS, PEER),
        },
    )


def _per_second(rounds: list[Round]) -> Range:
    return Range.of([each.moved.rows / each.seconds for each in rounds])
