"""ADBC: the driver that VxData's server itself reads and writes through."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import polars as pl
from adbc_driver_postgresql import StatementOptions, dbapi

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench._harness.candidates import Work


@contextmanager
def cursor_on(uri: str) -> Iterator[Any]:
    """A cursor that has run a query before."""
    with dbapi.connect(uri, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetch_arrow_table()
        yield cursor


@contextmanager
def to_polars(_: int, uri: str, sql: str) -> Iterator[Work]:
    """Read a query into a frame, the fastest way there is: no rechunk."""

    def work() -> object:
        cursor.execute(sql)
        return pl.from_arrow(cursor.fetch_arrow_table(), rechunk=False)

    with cursor_on(uri) as cursor:
        yield work


@contextmanager
def first_batch(_: int, uri: str, sql: str, batch_bytes: int | None = None) -> Iterator[Work]:
    """Run a query and wait for the first frame of it."""

    def work() -> object:
        cursor.execute(sql)
        return pl.from_arrow(cursor.fetch_record_batch().read_next_batch())

    with cursor_on(uri) as cursor:
        if batch_bytes is not None:
            option = StatementOptions.BATCH_SIZE_HINT_BYTES.value
            cursor.adbc_statement.set_options(**{option: str(batch_bytes)})
        yield work
        cursor.adbc_cancel()
