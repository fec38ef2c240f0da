"""The questions over ever more rows, and over ever more versions of them."""

from __future__ import annotations

import itertools
import os
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import polars as pl

from bench._harness.candidates import tell
from bench._harness.copies import await_copies, health_of_copies
from bench._harness.environment import served
from bench._harness.timing import curve, median_seconds
from bench.columnar import respondents
from bench.columnar.column_questions import COLUMN_QUESTIONS
from bench.columnar.own_table import make_own_table
from bench.columnar.rounds import Way, ask_all, milliseconds
from bench.data import Toucher
from bench.growth.synthetic import ROWS_OF_A_CREATE, name
from bench.growth.varied import create_parents, create_volumes
from vxdata.sdk import Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from bench._harness.environment import Environment
    from bench._harness.figures import Curve
    from bench._harness.scale import Scale

OURS: Final = "VxData"
SQL: Final = "plain SQL in PostgreSQL"
ALONE: Final = "DuckDB alone"
PAST: Final = "VxData, as of the middle"
PAST_SQL: Final = "plain SQL, as of the middle"

ROUNDS: Final = 3
COMMITS: Final = 10
"""Commits of one row at each size, whose time to the copies is told."""

MEASURED_AT: Final = (1, 3, 10)
MILLISECONDS: Final = 1e3
MEGABYTE: Final = 1e6


@dataclass(frozen=True)
class _Ground:
    """A database that grows, its server with copies, and what is needed to ask.

    Args:
        environment: The stack.
        uri: The database.
        url: The server.
        client: Of the server.
        folder: For DuckDB's own table.
    """

    environment: Environment
    uri: str
    url: str
    client: Client
    folder: Path

    def measured(self, scale: Scale, past: datetime | None = None) -> dict[str, float]:
        """Ask all questions, and let single commits go to the copies.

        Args:
            scale: The rounds.
            past: As of when the questions are asked besides; the present alone if None.

        Returns:
            Medians in milliseconds.
        """
        await_copies(self.client)
        self.environment.administer("VACUUM (ANALYZE)", database=urlsplit(self.uri).path[1:])
        table = self.folder / "own.duckdb"
        make_own_table(table, self.uri)
        rounds = min(scale.rounds, ROUNDS)
        with ExitStack() as stack:
            touch = Toucher(self.url, name(0), (self.url,))
            stack.callback(touch.close)
            ours = stack.enter_context(respondents.connected(respondents.through_vxdata, self.url))
            adbc = stack.enter_context(respondents.connected(respondents.through_adbc, self.uri))
            alone = stack.enter_context(
                respondents.connected(respondents.through_duckdb, str(table), os.cpu_count())
            )
            ways = {OURS: Way(ours, SQL, before=touch), SQL: Way(adbc, SQL), ALONE: Way(alone, SQL)}
            if past is not None:
                instants = [past + timedelta(microseconds=turn) for turn in range(rounds + 1)]
                ways[PAST] = Way(ours, PAST_SQL, instants, before=touch)
                ways[PAST_SQL] = Way(adbc, PAST_SQL, instants)
            found = ask_all(ways, COLUMN_QUESTIONS, rounds, 1)
            commit = MILLISECONDS * median_seconds(touch, COMMITS)
        asked = {
            f"{question}, {who}": milliseconds(seconds, who).median
            for question, seconds in found.items()
            for who in ways
        }
        return asked | {"commit of one row, until the copies hold it": commit}


@contextmanager
def _ground(environment: Environment, database: str) -> Iterator[_Ground]:
    with (
        environment.database(database, with_data=False) as uri,
        served(uri, copies=True) as server,
        Client(server.url) as client,
        tempfile.TemporaryDirectory(prefix="vxdata-bench-") as folder,
    ):
        create_parents(client)
        yield _Ground(environment, uri, server.url, client, Path(folder))


def _update(client: Client, count: int, version: int) -> None:
    """Give all rows another version, in commits of bounded size."""
    for first in range(0, count, ROWS_OF_A_CREATE):
        numbers = range(first, min(first + ROWS_OF_A_CREATE, count))
        names = pl.DataFrame({"identifier": [name(number) for number in numbers]})
        client.volumes.update(names.with_columns(b_value=pl.lit(1000.0 + version)))


def rows(environment: Environment, scale: Scale) -> dict[str, Curve]:
    """Let the table grow, and ask at each size.

    Args:
        environment: The stack.
        scale: The sizes.

    Returns:
        Curves by question and candidate, and that of a commit's way to the copies.
    """
    sizes = scale.of((10_000, 100_000, 1_000_000), (1_000, 10_000))
    sizes += (10_000_000,) if scale.huge else ()
    found: dict[str, dict[float, float]] = {}
    with _ground(environment, "bench_columnar_rows") as ground:
        for before, size in itertools.pairwise((0, *sizes)):
            create_volumes(ground.client, before, size)
            for work, value in ground.measured(scale).items():
                found.setdefault(work, {})[size] = value
            tell(f"  {size:,} rows are measured")
    return {work: curve("rows", "ms", points) for work, points in found.items()}


def versions(environment: Environment, scale: Scale) -> dict[str, Curve]:
    """Update all rows again and again, and ask at some numbers of versions, of the past as well.

    Args:
        environment: The stack.
        scale: The sizes.

    Returns:
        Curves by question and candidate, and those of a commit's way to the copies and of their disk.
    """
    count = 1_000_000 if scale.huge else scale.of(200_000, 2_000)
    found: dict[str, dict[float, float]] = {}
    disk: dict[float, float] = {}
    with _ground(environment, "bench_columnar_versions") as ground:
        create_volumes(ground.client, 0, count)
        instants = [ground.client.now().as_of]
        for version in range(1, MEASURED_AT[-1] + 1):
            if version > 1:
                _update(ground.client, count, version)
                instants.append(ground.client.now().as_of)
            if version in MEASURED_AT:
                for work, value in ground.measured(scale, instants[len(instants) // 2]).items():
                    found.setdefault(work, {})[version] = value
                disk[version] = health_of_copies(ground.client).bytes / MEGABYTE
            tell(f"  version {version} of {count:,} rows")
    curves = {work: curve("versions an identifier", "ms", points) for work, points in found.items()}
    return curves | {"disk of the copies": curve("versions an identifier", "MB", disk)}
