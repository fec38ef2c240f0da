"""The example as frames is the example as SQL."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
from polars.testing import assert_frame_equal

from tests.cohorts.example import EXAMPLE
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.database.reflection import reflect

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import SecretStr

STATEMENTS = Path(__file__).with_name("example.sql").read_text(encoding="utf-8")


def test_both_forms_are_the_same_database(new_database: Callable[[], SecretStr]) -> None:
    with closing(ConnectionPool(new_database(), size=1)) as database, database.connection() as connection:
        connection.execute(STATEMENTS)
        connection.execute(*EXAMPLE.statements("copy"))
        for schema in ("public", "copy"):
            reflected = reflect(connection, schema).schema
            assert reflected.tables == EXAMPLE.schema.tables
            for name, frame in EXAMPLE.frames.items():
                stored = pl.DataFrame(connection.table(f'SELECT * FROM "{schema}"."{name}"'))
                assert_frame_equal(stored, frame, check_row_order=False)
