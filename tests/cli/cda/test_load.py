from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.cli.conftest import new_database
from vxdata.cli.cda import TABLES, generate, load
from vxdata.server.database.errors import DatabaseError
from vxdata.server.database.pool import ConnectionPool

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import SecretStr

__all__ = ["new_database"]

KEYS = """
SELECT conrelid::regclass::text AS name, contype::text AS kind, count(*)::int AS n FROM pg_constraint
WHERE connamespace = 'cda'::regnamespace AND contype IN ('p', 'f') GROUP BY 1, 2
"""


def test_tables_arrive_as_they_were_made(new_database: Callable[[], SecretStr]) -> None:
    uri = new_database()
    frames = generate(300, seed=5)
    assert load(uri, frames, indexes_texts=True) == sum(frame.height for frame in frames.values())
    with closing(ConnectionPool(uri, size=1)) as database, database.connection() as connection:
        for name, frame in frames.items():
            stored = pl.DataFrame(connection.table(f'SELECT * FROM cda."{name}"'))
            assert_frame_equal(stored, frame, check_row_order=False)
        keys = {(row["name"], row["kind"]): row["n"] for row in connection.rows(KEYS)}
        comments = connection.rows("SELECT col_description('cda.subject'::regclass, 4) AS comment")
        indexes = connection.rows("SELECT indexdef FROM pg_indexes WHERE schemaname = 'cda'")
    for table in TABLES:
        assert keys.get((f"cda.{table.name}", "p"), 0) == bool(table.primary_key)
        assert keys.get((f"cda.{table.name}", "f"), 0) == sum(bool(one.references) for one in table.columns)
    assert comments == [{"comment": "Common name of the species."}]
    indexed = [index["indexdef"].partition(" USING ")[2] for index in indexes]
    assert any("COALESCE(upper(diagnosis)" in each for each in indexed)
    tables = [index["indexdef"].partition(" ON ")[2] for index in indexes]
    assert len(set(tables)) == len(tables)


def test_a_schema_that_is_there_stays_as_it_is(new_database: Callable[[], SecretStr]) -> None:
    uri = new_database()
    frames = generate(3)
    load(uri, frames, schema='it\'s "mine"')
    with pytest.raises(DatabaseError):
        load(uri, generate(5), schema='it\'s "mine"')
    with closing(ConnectionPool(uri, size=1)) as database, database.connection() as connection:
        counted = connection.rows('SELECT count(*)::int AS n FROM "it\'s ""mine""".subject')
    assert counted == [{"n": 3}]
