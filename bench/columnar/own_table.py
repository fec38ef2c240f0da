"""DuckDB alone: the live volumes in a table of its own, in a file that it can read at once."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench._harness.candidates import apart
from bench.data import select_volumes
from bench.peers.adbc import cursor_on

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection
    from pathlib import Path

    from bench._harness.candidates import Work

# ruff: noqa: PLC0415 - DuckDB is imported in the processes that use it, and nowhere else


def make_own_table(path: Path, uri: str) -> None:
    """Copy the live volumes of a database, in a process that ends with it.

    Args:
        path: File of DuckDB; one that is there is replaced.
        uri: The database.
    """
    path.unlink(missing_ok=True)
    with apart(_copy_apart, str(path), uri) as (_, talk):
        talk.recv()


def _copy_apart(talk: Connection, path: str, uri: str) -> None:
    copy_volumes(path, uri)
    talk.send("made")


def copy_volumes(path: str, uri: str) -> None:
    """Copy the live volumes of a database into a new file of DuckDB, in this process."""
    import duckdb

    with cursor_on(uri) as cursor, duckdb.connect(path) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        cursor.execute(select_volumes())
        connection.register("stream", cursor.fetch_record_batch())
        connection.execute("CREATE TABLE volume AS SELECT * FROM stream")


@contextmanager
def to_polars(_: int, path: Path) -> Iterator[Work]:
    """Pull all volumes of the table into a frame."""
    import duckdb

    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")
        connection.execute("SELECT * FROM volume LIMIT 10").pl()
        yield lambda: connection.execute("SELECT * FROM volume").pl()
