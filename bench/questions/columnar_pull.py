"""How long does a full pull of all volumes into a frame take, when columnar copies answer it?

As in the question of the cold pull, nobody has asked for it before: ahead of each of our rounds a tiny commit
changes one volume, and the round waits, untimed, until the copies hold it. Beside it stand a server without
copies, ADBC and connectorx on PostgreSQL, and DuckDB over a table of its own. At the end all values of our
frame are compared with those of ADBC's; a difference ends the run.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from bench._harness.candidates import SERVER, Candidate, divided, in_turn, run_once, tabled
from bench._harness.environment import served
from bench._harness.figures import Answer
from bench.columnar import own_table
from bench.columnar.same import check_same
from bench.data import Toucher, select_volumes
from bench.peers import adbc, libraries, vxdata
from vxdata.sdk import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench._harness.candidates import Work
    from bench._harness.environment import Environment
    from bench._harness.scale import Scale

OURS: Final = "VxData"
OFF: Final = "VxData, copies off"
PEER: Final = "ADBC → Polars"
CONNECTORX: Final = "connectorx"
ALONE: Final = "DuckDB alone"


def answer(environment: Environment, scale: Scale) -> Answer:
    """Measure all of them in turn, then compare."""
    with ExitStack() as stack:
        candidates = _candidates(environment, stack)
        found = in_turn(candidates, scale.rounds, warm=scale.warm)
        (url,) = candidates[OURS].arguments
        run_once(Candidate(equal_pulls, (url, environment.uri)), 1)
    return Answer(
        tables={"pull of all volumes": tabled(found, candidates, PEER)},
        values={f"time ÷ {peer}": divided(found, OURS, peer) for peer in (PEER, CONNECTORX, ALONE, OFF)},
    )


def _candidates(environment: Environment, stack: ExitStack) -> dict[str, Candidate]:
    """Two servers of ours, and what reads without one."""
    uri, watch = environment.uri, environment.watch
    path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vxdata-bench-"))) / "own.duckdb"
    own_table.make_own_table(path, uri)
    servers = {
        OURS: stack.enter_context(served(uri, copies=True)),
        OFF: stack.enter_context(served(uri)),
    }
    touch = Toucher(servers[OURS].url, environment.smallest_volume, copied_at=(servers[OURS].url,))
    stack.callback(touch.close)
    touch()
    ours = {
        name: Candidate(vxdata.to_polars, (server.url,), watch | {SERVER: server.pid}, before=touch)
        for name, server in servers.items()
    }
    return ours | {
        PEER: Candidate(adbc.to_polars, (uri, select_volumes()), watch),
        CONNECTORX: Candidate(libraries.connectorx, (uri, select_volumes()), watch),
        ALONE: Candidate(
            own_table.to_polars, (path,), note="A limit: no server, and its rows are in no database."
        ),
    }


@contextmanager
def equal_pulls(_: int, url: str, uri: str) -> Iterator[Work]:
    """Pull by our client and by ADBC, and compare every value."""
    with Client(url) as client, adbc.to_polars(0, uri, select_volumes()) as pull:

        def work() -> int:
            own, other = client.volumes.query().collect(), pull()
            assert isinstance(other, pl.DataFrame)
            check_same(own.sort("identifier"), other.sort("identifier"), OURS, is_ordered=True)
            return own.height

        yield work
