"""How long do the verbs take, beside the same work in plain SQL through ADBC?

The peer keeps a bare copy of the tables with the same columns and indexes, and does what somebody would
write by hand: the same rows moved to history, the same columns set. It checks nothing, computes no lineage
and takes no clock.
"""

from __future__ import annotations

import itertools
import math
import statistics
import threading
import time
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import pyarrow as pa
from adbc_driver_postgresql import dbapi

from bench.create import _with_metadata
from bench.measure import Figures, compare
from vxdata.schemas.create import VolumeCreate
from vxdata.schemas.registry import registry
from vxdata.schemas.update import VolumeUpdate
from vxdata.sdk import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.environment import Environment

OURS: Final = "VxData"
PEER: Final = "plain SQL"
BARE: Final = "bench_writes"
NAMES: Final = "bench_names"


class Calls(Figures):
    """Single calls, a round each: what the usual one takes, and the slowest of a hundred."""

    def line(self, name: str) -> str:
        """One line of a table."""
        median, p99 = (1e3 * value for value in (statistics.median(self.seconds), self._p99))
        return f"{name:<28} p50 {median:>8.1f} ms   p99 {p99:>8.1f} ms   of {len(self.seconds)} calls"

    def to_json(self) -> dict[str, object]:
        """All calls, with the two figures."""
        return super().to_json() | {"p99_seconds": self._p99}

    @property
    def _p99(self) -> float:
        return sorted(self.seconds)[max(math.ceil(len(self.seconds) * 0.99) - 1, 0)]


class _Bare:
    """The peer: bare tables, and statements that a user would write."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        columns = [f'"{field.name}"' for field in registry().get("volume").response_fields] + ["tombstone"]
        self._columns = ", ".join(columns)
        self._ended = ", ".join("now()" if name == '"valid_to"' else f"r.{name}" for name in columns)
        for table, model in ((BARE, "volume"), (f"{BARE}_history", "volume_history")):
            cursor.execute(f"CREATE TABLE {table} (LIKE vxdata.{model} INCLUDING ALL)")
        cursor.execute(f"CREATE TEMPORARY TABLE {NAMES} (identifier text, b_value double precision)")

    def create(self, volumes: pl.DataFrame) -> int:
        return int(self._cursor.adbc_ingest(BARE, _with_metadata(volumes), mode="append"))

    def change(self, names: pl.DataFrame, assignment: str) -> int:
        """Supersede the named rows, in one transaction."""
        self._cursor.execute("BEGIN")
        self._cursor.execute(f"TRUNCATE {NAMES}")
        table = names.to_arrow().cast(
            pa.schema(
                [(name, pa.string() if name == "identifier" else pa.float64()) for name in names.columns]
            )
        )
        self._cursor.adbc_ingest(NAMES, table, mode="append", temporary=True)
        self._cursor.execute(
            f"INSERT INTO {BARE}_history ({self._columns}) SELECT {self._ended} "
            f"FROM {BARE} AS r JOIN {NAMES} AS n USING (identifier)"
        )
        self._cursor.execute(
            f"UPDATE {BARE} AS r SET {assignment}, valid_from = now(), version = version + 1 "
            f"FROM {NAMES} AS n WHERE n.identifier = r.identifier"
        )
        self._cursor.execute("COMMIT")
        return names.height

    def retrieve(self, names: list[str]) -> int:
        quoted = ", ".join(f"'{name}'" for name in names)
        self._cursor.execute(f"SELECT {self._columns} FROM {BARE} WHERE identifier IN ({quoted})")
        return len(self._cursor.fetch_arrow_table().to_pylist())


def writes(environment: Environment, rounds: int, rows: int) -> dict[str, dict[str, Figures]]:
    """Compare the verbs in bulk.

    Args:
        environment: The server under test.
        rounds: How often.
        rows: Volumes of a round.

    Returns:
        Figures by question and candidate.
    """
    volumes = environment.mapped.frames["volume"].drop("patient_key").head(rows)
    client = environment.client
    with (
        dbapi.connect(environment.database_uri, autocommit=True) as connection,
        connection.cursor() as cursor,
    ):
        bare = _Bare(cursor)
        made = {name: _copies(volumes, "writes") for name in (OURS, PEER)}
        # One copy that is there on both sides is updated, deleted and restored in turn.
        fixed = next(_copies(volumes, "fixed"))
        names = fixed.select("identifier")
        few = names["identifier"].head(10_000).to_list()
        client.volumes.create(fixed)
        bare.create(fixed)
        values = {name: map(float, itertools.count(1)) for name in (OURS, PEER)}

        def changed(candidate: str) -> pl.DataFrame:
            return names.with_columns(b_value=pl.lit(next(values[candidate])))

        def measured(ours: Callable[[], int], peer: Callable[[], int]) -> dict[str, Figures]:
            return compare({OURS: ours, PEER: peer}, PEER, rounds, environment.process)

        found = {
            f"create {rows:,}": measured(
                lambda: client.volumes.create(next(made[OURS])).counts["volume"],
                lambda: bare.create(next(made[PEER])),
            ),
            f"update {rows:,}": measured(
                lambda: client.volumes.update(changed(OURS)).counts["volume"],
                lambda: bare.change(changed(PEER), "b_value = n.b_value"),
            ),
            f"retrieve {len(few):,}": measured(
                lambda: len(client.volumes.retrieve(few, include_children=False)),
                lambda: bare.retrieve(few),
            ),
        }
        deleting: dict[str, list[float]] = {OURS: [], PEER: []}
        restoring: dict[str, list[float]] = {OURS: [], PEER: []}
        identifiers = names["identifier"].to_list()
        for number in range(rounds + 1):
            for candidate, delete, restore in (
                (OURS, lambda: client.volumes.delete(names), lambda: client.volumes.restore(identifiers)),
                (
                    PEER,
                    lambda: bare.change(names, "tombstone = true"),
                    lambda: (bare.change(names, "tombstone = false"), bare.retrieve(identifiers)),
                ),
            ):
                for kept, work in ((deleting, delete), (restoring, restore)):
                    seconds = _seconds(work)
                    if number:
                        kept[candidate].append(seconds)
        found[f"delete {rows:,}"] = _figures(deleting, rows)
        found[f"restore {rows:,}, and read back"] = _figures(restoring, rows)
        return found


def singles(environment: Environment, count: int, bulk_rows: int) -> dict[str, dict[str, Figures]]:
    """Compare single creates, updates and retrieves, and single updates while a large create runs.

    Args:
        environment: The server under test.
        count: Calls of each kind.
        bulk_rows: Rows of the large create.

    Returns:
        Figures by question and candidate; each round is one call.
    """
    parent = environment.mapped.frames["volume"]["parent_identifier"][0]
    client = environment.client
    with (
        dbapi.connect(environment.database_uri, autocommit=True) as connection,
        connection.cursor() as cursor,
    ):

        def create(number: int) -> None:
            client.volumes.create(
                VolumeCreate(identifier=f"single-{number}", parent_identifier=parent, license="x", b_value=0)
            )

        def insert(number: int) -> None:
            columns = "identifier, parent_identifier, license, b_value, valid_from, created_at, version"
            row = f"'volume/single-{number}', '{parent}', 'x', 0, now(), now(), 1"
            cursor.execute(f"INSERT INTO {BARE} ({columns}) VALUES ({row})")
            fetch(number)

        def update(number: int) -> None:
            client.volumes.update(f"single-{number}", VolumeUpdate(b_value=next(values)))

        def change(number: int) -> None:
            cursor.execute(
                f"UPDATE {BARE} SET b_value = {next(values)}, valid_from = now() "
                f"WHERE identifier = 'volume/single-{number}'"
            )
            fetch(number)

        def retrieve(number: int) -> None:
            client.volumes.retrieve(f"single-{number}", include_children=False)

        def fetch(number: int) -> None:
            cursor.execute(f"SELECT * FROM {BARE} WHERE identifier = 'volume/single-{number}'")
            cursor.fetch_arrow_table().to_pylist()

        values = map(float, itertools.count(1))
        found = {
            f"single {name}": _each(ours, peer, count)
            for name, ours, peer in (
                ("create", create, insert),
                ("update", update, change),
                ("retrieve", retrieve, fetch),
            )
        }
        volumes = environment.mapped.frames["volume"].drop("patient_key")
        copies = [
            next(_copies(volumes, f"large-{turn}")) for turn in range(-(-bulk_rows // max(volumes.height, 1)))
        ]
        large = pl.concat(copies).head(bulk_rows)
        found[f"single update while {bulk_rows:,} are created"] = {
            OURS: _beside(lambda: _create_apart(client.base_url, large), update, count),
            PEER: _beside(lambda: _ingest_apart(environment.database_uri, large), change, count),
        }
        return found


def _copies(volumes: pl.DataFrame, word: str) -> Iterator[pl.DataFrame]:
    return (volumes.with_columns(pl.col("identifier") + f"/{word}-{number}") for number in itertools.count())


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _figures(seconds: dict[str, list[float]], rows: int) -> dict[str, Figures]:
    """Figures of candidates that ran in turn; memory is not watched."""
    return {name: Figures(rows, own, _ratios(own, seconds[PEER]), 0) for name, own in seconds.items()}


def _ratios(seconds: list[float], peer: list[float]) -> list[float]:
    return [own / other for own, other in zip(seconds, peer, strict=True)]


def _each(ours: Callable[[int], None], peer: Callable[[int], None], count: int) -> dict[str, Figures]:
    """One call of each in turn."""
    seconds: dict[str, list[float]] = {OURS: [], PEER: []}
    for number in range(count):
        seconds[OURS].append(_seconds(lambda number=number: ours(number)))  # type: ignore[misc]
        seconds[PEER].append(_seconds(lambda number=number: peer(number)))  # type: ignore[misc]
    return {name: Calls(1, own, _ratios(own, seconds[PEER]), 0) for name, own in seconds.items()}


def _beside(large: Callable[[], None], small: Callable[[int], None], count: int) -> Figures:
    """Small calls, one after the other, for as long as a large one runs."""
    working = threading.Thread(target=large)
    working.start()
    seconds = []
    for number in itertools.count():
        seconds.append(_seconds(lambda number=number: small(number % count)))  # type: ignore[misc]
        if not working.is_alive():
            break
    working.join()
    return Calls(1, seconds, [1.0] * len(seconds), 0)


def _create_apart(url: str, volumes: pl.DataFrame) -> None:
    with Client(url) as client:
        client.volumes.create(volumes)


def _ingest_apart(database_uri: str, volumes: pl.DataFrame) -> None:
    with dbapi.connect(database_uri, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.adbc_ingest(BARE, _with_metadata(volumes), mode="append")
