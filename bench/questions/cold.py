"""How long does a full pull of all volumes into a frame take, when nobody has asked for it before?

Every candidate reads the same rows with all columns from the same table, whose pages lie in PostgreSQL's
memory. Before each of our rounds a tiny commit changes one volume, so that no answer kept by the server is
the current one; none is kept here either, since that is done when an answer is asked for again. With the
cache switched off we are measured once more. Columnar copies are off: what they change is a question of its
own. What differs from ADBC's frame in rows, columns, types or missing values is noted beside each peer.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from bench._harness.candidates import SERVER, Candidate, divided, in_turn, tabled
from bench._harness.environment import served
from bench._harness.figures import Answer
from bench.data import Toucher, select_volumes
from bench.peers import adbc, copy, fastapi, libraries, memory, vxdata

if TYPE_CHECKING:
    from bench._harness.environment import Environment
    from bench._harness.scale import Scale

OURS: Final = "VxData"
PEER: Final = "ADBC → Polars"
PAGES: Final = "FastAPI, pages of JSON"
LINES: Final = "FastAPI, JSON lines streamed"
SLOW_ROUNDS: Final = 3
SLOWEST_ROUNDS: Final = 2
"""Rounds of candidates that take half a minute, or minutes."""


def answer(environment: Environment, scale: Scale) -> Answer:
    """Measure all of them in turn."""
    with ExitStack() as stack:
        candidates = _ours(environment, stack) | _direct(environment, scale) | _web(environment, scale, stack)
        found = in_turn(candidates, scale.rounds, warm=scale.warm)
    return Answer(
        tables={"pull of all volumes": tabled(found, candidates, PEER)},
        values={
            "time ÷ ADBC → Polars": divided(found, OURS, PEER),
            "rows/s ÷ pages of JSON": divided(found, PAGES, OURS),
            "rows/s ÷ JSON lines": divided(found, LINES, OURS),
        },
        notes=(
            "Slow candidates run fewer rounds, without one to warm up: "
            + ", ".join(
                f"{name} {len(rounds)}" for name, rounds in found.items() if candidates[name].most_rounds
            )
            + f", the others {scale.rounds}.",
        ),
    )


def _ours(environment: Environment, stack: ExitStack) -> dict[str, Candidate]:
    """A server with its cache, one without, and one that needs no database."""
    cached = stack.enter_context(served(environment.uri))
    touch = Toucher(cached.url, environment.first_volume)
    stack.callback(touch.close)
    touch()
    plain = stack.enter_context(served(environment.uri, cache_bytes=0))
    held = stack.enter_context(memory.holder(plain.url))
    watch = environment.watch
    return {
        OURS: Candidate(
            vxdata.to_polars,
            (cached.url,),
            watch | {SERVER: cached.pid},
            before=touch,
            note="Cache on, but holding no answer to this.",
        ),
        "VxData, cache off": Candidate(vxdata.to_polars, (plain.url,), watch | {SERVER: plain.pid}),
        "Flight server, all in memory": Candidate(
            vxdata.to_polars, (held.url,), {SERVER: held.pid}, note="A limit: it reads no database."
        ),
    }


def _direct(environment: Environment, scale: Scale) -> dict[str, Candidate]:
    """What connects to PostgreSQL itself."""
    arguments, watch = (environment.uri, select_volumes()), environment.watch
    nowhere = "A limit: psql throws the rows away."
    one_part = "In one part: several would each have a snapshot of their own."
    slow = scale.of(SLOW_ROUNDS, 1)
    return {
        PEER: Candidate(adbc.to_polars, arguments, watch),
        "COPY to nowhere": Candidate(copy.to_nowhere, (environment.psql, *arguments), watch, note=nowhere),
        "connectorx": Candidate(libraries.connectorx, arguments, watch, note=one_part),
        "DuckDB": Candidate(libraries.duckdb, arguments, watch),
        "psycopg + Polars": Candidate(libraries.psycopg, arguments, watch, slow),
        "pandas": Candidate(libraries.pandas, arguments, watch, slow, note="Through SQLAlchemy and psycopg."),
    }


def _web(environment: Environment, scale: Scale, stack: ExitStack) -> dict[str, Candidate]:
    """Both HTTP endpoints, in one process."""
    web = stack.enter_context(fastapi.endpoint(environment.uri))
    watch, slowest = environment.watch | {SERVER: web.pid}, scale.of(SLOWEST_ROUNDS, 1)
    return {
        LINES: Candidate(fastapi.streamed, (web.url,), watch, slowest),
        PAGES: Candidate(fastapi.pages, (web.url,), watch, slowest),
    }
