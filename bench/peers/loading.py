"""Ways to write a frame into a plain table: columns are those of the volumes, and so are the indexes."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench.data import read_volumes, stored, to_arrow
from bench.peers.adbc import cursor_on

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench._harness.candidates import Work


@contextmanager
def adbc_ingest(number: int, uri: str, path: Path, rows: int, table: str) -> Iterator[Work]:
    """Append volumes to a plain table from a frame; what a user's frame lacks is filled in beforehand."""
    frame = stored(read_volumes(path, rows, f"/copy-{number}"))
    with cursor_on(uri) as cursor:
        yield lambda: int(cursor.adbc_ingest(table, to_arrow(frame), mode="append"))


@contextmanager
def psycopg_copy(number: int, uri: str, path: Path, rows: int, table: str) -> Iterator[Work]:
    """Write the rows of a frame with psycopg's COPY, as its documentation shows it."""
    import psycopg  # noqa: PLC0415 - only this process needs it

    frame = stored(read_volumes(path, rows, f"/copy-{number}"))
    statement = f"COPY {table} ({', '.join(frame.columns)}) FROM STDIN"
    with psycopg.connect(uri) as connection, connection.cursor() as cursor:

        def work() -> int:
            with cursor.copy(statement) as copy:
                for row in frame.iter_rows():
                    copy.write_row(row)
            connection.commit()
            return frame.height

        yield work
