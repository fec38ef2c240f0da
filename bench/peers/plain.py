"""What somebody would write by hand in SQL: rows moved to a history table, columns set; nothing is checked.

The tables are bare copies of ours with the same columns and indexes. There is no lineage and no clock.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import pyarrow as pa

from bench.data import VOLUMES, to_arrow
from bench.peers.adbc import cursor_on
from bench.peers.writing import model_values
from vxdata.schemas.create import VolumeCreate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from bench._harness.candidates import Work

BARE: Final = "bench_volume"
HISTORY: Final = "bench_volume_history"
NAMES: Final = "bench_names"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
COLUMNS: Final = ", ".join((*VOLUMES, "tombstone"))
ENDED: Final = ", ".join("now()" if name == "valid_to" else f"r.{name}" for name in (*VOLUMES, "tombstone"))


def make_tables(uri: str, names: Iterable[str] = (BARE, HISTORY)) -> None:
    """Make empty copies of our tables, with their indexes."""
    with cursor_on(uri) as cursor:
        for name in names:
            model = "volume_history" if name == HISTORY else "volume"
            cursor.execute(f"CREATE TABLE {name} (LIKE vxdata.{model} INCLUDING ALL)")


@contextmanager
def change(number: int, uri: str, names: Path, assignment: str) -> Iterator[Work]:
    """Supersede the named rows, in one transaction.

    Args:
        number: Of the round; the value that an update sets follows from it.
        uri: The database.
        names: Arrow file with the identifiers.
        assignment: SQL that sets columns.
    """
    frame = pl.read_ipc(names.read_bytes()).with_columns(b_value=pl.lit(float(number + 1)))

    def work() -> int:
        cursor.execute("BEGIN")
        cursor.execute(f"TRUNCATE {NAMES}")
        cursor.adbc_ingest(NAMES, to_arrow(frame), mode="append", temporary=True)
        cursor.execute(
            f"INSERT INTO {HISTORY} ({COLUMNS}) SELECT {ENDED} "
            f"FROM {BARE} AS r JOIN {NAMES} AS n USING (identifier)"
        )
        cursor.execute(
            f"UPDATE {BARE} AS r SET {assignment}, valid_from = now(), version = version + 1 "
            f"FROM {NAMES} AS n WHERE n.identifier = r.identifier"
        )
        cursor.execute("COMMIT")
        return frame.height

    with cursor_on(uri) as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE {NAMES} (identifier text, b_value double precision)")
        yield work


@contextmanager
def change_and_read(number: int, uri: str, names: Path, assignment: str) -> Iterator[Work]:
    """The same, and read the rows back as dictionaries."""
    with (
        change(number, uri, names, assignment) as changing,
        read(number, uri, names, None) as reading,
    ):

        def work() -> object:
            changing()
            return reading()

        yield work


@contextmanager
def read(_: int, uri: str, names: Path, most: int | None) -> Iterator[Work]:
    """Read named rows as dictionaries."""
    frame = pl.read_ipc(names.read_bytes())
    identifiers = frame["identifier"].head(frame.height if most is None else most)

    def work() -> int:
        quoted = ", ".join(f"'{name}'" for name in identifiers)
        cursor.execute(f"SELECT {COLUMNS} FROM {BARE} WHERE identifier IN ({quoted})")
        return len(cursor.fetch_arrow_table().to_pylist())

    with cursor_on(uri) as cursor:
        yield work


@contextmanager
def ingest_models(number: int, uri: str, path: Path, rows: int) -> Iterator[Work]:
    """Make models, turn their values into an Arrow table and append it; once before with a single one."""
    first, *given = model_values(path, rows + 1, f"/model-{number}")
    filled = {"valid_from": EPOCH, "created_at": EPOCH, "version": 1, "tombstone": False}
    with cursor_on(uri) as cursor:
        cursor.execute(f"SELECT * FROM {BARE} LIMIT 0")
        types = cursor.fetch_arrow_table().schema

        def ingested(given: list[dict[str, Any]]) -> int:
            models = [VolumeCreate(**values) for values in given]
            table = pa.Table.from_pylist([model.model_dump() | filled for model in models], schema=types)
            return int(cursor.adbc_ingest(BARE, table, mode="append"))

        ingested([first])
        yield lambda: ingested(given)
