"""How long does a full pull as of the past take, when every volume has ten versions, beside a current one?

A part of the volumes is loaded into a database of its own, and each is updated nine times. Each round reads
as of another commit in between, so that no kept answer can help; before a current pull a tiny commit does
the same. The tables are vacuumed after each update, as PostgreSQL does by itself in time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from bench._harness.candidates import SERVER, Candidate, divided, in_turn, tabled, tell
from bench._harness.environment import served
from bench._harness.figures import Answer
from bench.data import Toucher
from bench.peers import adbc, vxdata
from vxdata.sdk import Client

if TYPE_CHECKING:
    from bench._harness.environment import Environment
    from bench._harness.scale import Scale

VERSIONS: Final = 10
PAST: Final = "as of the past"
CURRENT: Final = "current"
PAST_SQL: Final = "as of the past, same SQL through ADBC"
CURRENT_SQL: Final = "current, same SQL through ADBC"


def answer(environment: Environment, scale: Scale) -> Answer:
    """Write the versions, then read in turn."""
    rows = scale.of(200_000, 5_000)
    with (
        environment.database("bench_past", with_data=False) as uri,
        served(uri) as server,
        Client(server.url) as client,
    ):
        instants = _write_versions(environment, client, rows)
        touch = Toucher(server.url, environment.first_volume)
        query, watch = client.volumes.query(), environment.watch
        own = watch | {SERVER: server.pid}
        candidates = {
            PAST: Candidate(vxdata.to_polars_at, (server.url, instants), own),
            CURRENT: Candidate(vxdata.to_polars, (server.url,), own, before=touch),
            PAST_SQL: Candidate(adbc.to_polars, (uri, query.as_of(instants[0]).explain().sql), watch),
            CURRENT_SQL: Candidate(adbc.to_polars, (uri, query.explain().sql), watch),
        }
        found = in_turn(candidates, scale.rounds, warm=scale.warm)
        touch.close()
    return Answer(
        tables={
            f"pull of {rows:,} volumes with {VERSIONS} versions each": tabled(found, candidates, CURRENT)
        },
        values={"time ÷ current pull": divided(found, PAST, CURRENT)},
    )


def _write_versions(environment: Environment, client: Client, rows: int) -> tuple[Any, ...]:
    """Load volumes with what is above them, and update them.

    Returns:
        The instants of all versions but the first and the last.
    """
    client.resources.create(environment.part(rows))
    names = pl.scan_ipc(environment.volumes).select("identifier").head(rows).collect()
    instants = []
    for version in range(2, VERSIONS + 1):
        instants.append(client.volumes.update(names.with_columns(b_value=pl.lit(float(version)))).as_of)
        environment.administer("VACUUM (ANALYZE)", database="bench_past")
        tell(f"  version {version} of {rows:,} volumes is written")
    return tuple(instants[:-1])
