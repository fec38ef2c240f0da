"""How long does it take to create a million volumes from a frame?

The peers append the same rows to a bare copy of the table with the same columns and indexes: no checks, no
lineage, no versions, and what our server computes is in their frames beforehand. All tables grow by the
same rows each round, in a database of their own. Every candidate begins with a frame of Polars.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bench._harness.candidates import SERVER, Candidate, divided, in_turn, tabled
from bench._harness.environment import served
from bench._harness.figures import Answer
from bench.peers import loading, plain, writing

if TYPE_CHECKING:
    from bench._harness.environment import Environment
    from bench._harness.scale import Scale

OURS: Final = "VxData"
PEER: Final = "adbc_ingest"
COPY: Final = "psycopg COPY"
TABLES: Final = {PEER: "bench_ingest", COPY: "bench_copy"}


def answer(environment: Environment, scale: Scale) -> Answer:
    """Measure creates of as many volumes."""
    rows = scale.of(1_000_000, 20_000)
    with environment.database("bench_create", with_data=True) as uri, served(uri) as server:
        plain.make_tables(uri, TABLES.values())
        watch, volumes = environment.watch, environment.volumes
        candidates = {
            OURS: Candidate(writing.create, (server.url, volumes, rows), watch | {SERVER: server.pid}),
            PEER: Candidate(loading.adbc_ingest, (uri, volumes, rows, TABLES[PEER]), watch),
            COPY: Candidate(loading.psycopg_copy, (uri, volumes, rows, TABLES[COPY]), watch, most_rounds=3),
        }
        found = in_turn(candidates, scale.rounds, warm=scale.warm)
    return Answer(
        tables={f"create of {rows:,} volumes from a frame": tabled(found, candidates, PEER)},
        values={"time ÷ adbc_ingest": divided(found, OURS, PEER)},
    )
