"""How long does a question take that no index answers: ours, PostgreSQL's, and DuckDB's over its own table?

A server with columnar copies is asked ten questions about all volumes, in a database of its own with a
thousand commits to a hundred volumes each. Before every call of ours, a commit changes one volume, and the
call waits until the copies hold it, which is not timed: so no kept answer can help, and none comes from
before the commit. The same questions are asked as of the instant before the thousand commits, and as of
the instant when all volumes had been loaded; there, each call names another instant between the same two
commits. Beside ours stand plain SQL in PostgreSQL through ADBC, of the past as well, and DuckDB with as many
threads over a table of its own, made of the live volumes. Client, PostgreSQL's driver and DuckDB end with a
frame of Polars, each in a process of its own. Every answer is compared with that of plain SQL, floats to nine
digits; one that differs ends the run.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from bench._harness.candidates import SERVER, tell
from bench._harness.copies import COPIES, answered_by_copies, await_copies
from bench._harness.environment import served
from bench._harness.figures import Answer, Measured
from bench._harness.processes import watching
from bench._harness.summary import Range
from bench.columnar import respondents
from bench.columnar.column_questions import COLUMN_QUESTIONS, PULLED
from bench.columnar.own_table import make_own_table
from bench.columnar.rounds import Way, ask_all, milliseconds, most_over, over
from bench.data import Toucher
from vxdata.sdk import Client, F

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bench._harness.environment import Environment
    from bench._harness.scale import Scale
    from bench.columnar.column_questions import ColumnQuestion
    from bench.columnar.rounds import Seconds

OURS: Final = "VxData"
SQL: Final = "plain SQL in PostgreSQL"
ALONE: Final = "DuckDB alone"
AGO: Final = "VxData, 1,000 commits ago"
AGO_SQL: Final = "plain SQL, 1,000 commits ago"
LOADED: Final = "VxData, as loaded"

DATABASE: Final = "bench_columnar"
COMMITS: Final = 1_000
CHANGED: Final = 100
"""Volumes that each of the commits changes."""

GROUPS: Final = 10
"""Groups of volumes that the commits change in turn."""

CALLS: Final = 2
"""Calls of each question in each way, in a round."""

MEGABYTE: Final = 1e6


def answer(environment: Environment, scale: Scale) -> Answer:
    """Write the commits, then ask in turn."""
    turns = 1 + scale.rounds * CALLS
    with ExitStack() as stack:
        uri = stack.enter_context(environment.database(DATABASE, with_data=True))
        server = stack.enter_context(served(uri, copies=True))
        client = stack.enter_context(Client(server.url))
        loaded, ago = _instants(environment, client, scale)
        # As it does by itself in time, but not while calls are timed.
        environment.administer("VACUUM (ANALYZE)", database=DATABASE)
        await_copies(client)
        ways = _ways(environment, stack, uri, server.url, (loaded, ago), turns)
        before = answered_by_copies(client)
        with watching({SERVER: server.pid}) as used:
            found = ask_all(ways, COLUMN_QUESTIONS, scale.rounds, CALLS)
        asked = len((OURS, AGO, LOADED)) * len(COLUMN_QUESTIONS) * turns
        answered = (answered_by_copies(client) - before) / asked
        notes = [_engine(client, question) for question in COLUMN_QUESTIONS]
    return Answer(
        tables={name: _table(seconds) for name, seconds in found.items()},
        values=_values(found)
        | {
            "part of our answers that came from the copies": Range.of([answered]),
            "MB of the server, most": Range.of([used[SERVER].peak.resident / MEGABYTE]),
        },
        notes=tuple(filter(None, notes)),
    )


def _engine(client: Client, question: ColumnQuestion) -> str:
    """Why a question stays with PostgreSQL; empty where the copies answer it."""
    explained = question.query(client.volumes.query()).explain()
    return "" if explained.engine == COPIES else f"PostgreSQL answers “{question.name}”: {explained.reason}."


def _instants(environment: Environment, client: Client, scale: Scale) -> tuple[datetime, datetime]:
    """Commit often; tell when the last volume had been loaded, and the instant before these commits."""
    created = client.commits().filter(F.verb == "create").order_by(F.version.desc()).limit(1).collect()
    ago = client.now().as_of
    volumes = environment.first("volumes", GROUPS * CHANGED)
    commits = scale.of(COMMITS, COMMITS // 10)
    for number in range(commits):
        begin = number % GROUPS * CHANGED
        names = pl.DataFrame({"identifier": volumes[begin : begin + CHANGED]})
        client.volumes.update(names.with_columns(b_value=pl.lit(float(number))))
    tell(f"  {commits:,} commits are made")
    loaded: datetime = created["as_of"].item()
    return loaded, ago


def _ways(
    environment: Environment,
    stack: ExitStack,
    uri: str,
    url: str,
    past: tuple[datetime, datetime],
    turns: int,
) -> dict[str, Way]:
    """All ways to ask, each respondent connected."""
    path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vxdata-bench-"))) / "own.duckdb"
    make_own_table(path, uri)
    touch = Toucher(url, environment.smallest_volume, copied_at=(url,))
    stack.callback(touch.close)
    ours = stack.enter_context(respondents.connected(respondents.through_vxdata, url))
    adbc = stack.enter_context(respondents.connected(respondents.through_adbc, uri))
    alone = stack.enter_context(respondents.connected(respondents.through_duckdb, str(path), os.cpu_count()))
    # Where nothing was committed in between, both begin with the same instant: no turn may name one twice.
    loaded, ago = (
        [instant + timedelta(microseconds=begin + turn) for turn in range(turns)]
        for begin, instant in zip((turns, 0), past, strict=True)
    )
    return {
        OURS: Way(ours, SQL, before=touch),
        SQL: Way(adbc, SQL),
        ALONE: Way(alone, SQL),
        AGO: Way(ours, AGO_SQL, ago, before=touch),
        AGO_SQL: Way(adbc, AGO_SQL, ago),
        # The commits in between change what no question reads, so the answers are the same.
        LOADED: Way(ours, AGO_SQL, loaded, before=touch),
    }


def _table(seconds: Seconds) -> dict[str, Measured]:
    """The calls of one question, each way divided by plain SQL of the present."""
    whole = {name: [value for each in rounds for value in each] for name, rounds in seconds.items()}
    return {name: Measured.of_calls(each, whole[SQL]) for name, each in whole.items()}


def _values(found: Mapping[str, Seconds]) -> dict[str, Range]:
    """The figures that have goals, then those of each question."""
    pairs = {
        "time ÷ plain SQL": (OURS, SQL),
        "time ÷ DuckDB alone": (OURS, ALONE),
        "1,000 commits ago ÷ present": (AGO, OURS),
        "as loaded ÷ present": (LOADED, OURS),
    }
    most = {f"{name}, most": most_over(found, *pair) for name, pair in pairs.items()}
    each = {
        f"{question}: {name}": over(seconds, *pair)
        for question, seconds in found.items()
        for name, pair in pairs.items()
    }
    return most | {f"{PULLED}: ms": milliseconds(found[PULLED], OURS)} | each
