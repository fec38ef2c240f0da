"""Case: a copy takes it from every letter as its database does, or says that it does not."""

# ruff: noqa: RUF001 - letters that look like others are the point

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import duckdb
import pytest

from tests.server.databases import admin, database, database_uri, new_database
from vxdata.server.copies.folding import fold_alike
from vxdata.sql.copies.macros import MACROS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.server.database.pool import ConnectionPool

__all__ = ["admin", "database", "database_uri", "new_database"]

LETTERS = "FROM (SELECT generate_series(1, 55295) AS n UNION ALL SELECT generate_series(57344, 1114111)) AS p"


@pytest.fixture
def cursor() -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with the macros."""
    with closing(duckdb.connect()) as connection:
        connection.execute("CREATE SCHEMA vxdata")
        for statement in MACROS:
            connection.execute(statement)
        yield connection


def test_every_letter(database: ConnectionPool, cursor: duckdb.DuckDBPyConnection) -> None:
    """All at once: each alone, and beside ASCII and another letter."""
    with database.connection() as connection:
        assert fold_alike(connection, cursor)
        (row,) = connection.rows(f"SELECT vxdata.fold(string_agg(chr(n), '' ORDER BY n)) AS folded {LETTERS}")
    letters = "".join(chr(point) for point in range(1, 0x110000) if not 0xD800 <= point < 0xE000)
    (found,) = cursor.execute("SELECT vxdata.fold($1)", [letters]).fetchone() or ("",)
    assert found == row["folded"]
    texts = ["", "ABC abc", "Ä", "aÄ", "\U00010d50A", None]
    folded = cursor.execute("SELECT list_transform($1, lambda x: vxdata.fold(x))", [texts]).fetchone()
    assert folded == (["", "abc abc", "ä", "aä", "\U00010d70a", None],)


LOWER = "lower(value COLLATE pg_c_utf8)"
OTHER_FOLDS = {
    "leaves a letter that DuckDB folds": f"translate({LOWER}, 'ä', 'Ä')",
    "makes two letters of one": f"replace({LOWER}, '\u1c8a', 'ab')",
    "looks at neighbours": f"regexp_replace({LOWER}, '(.)σ( |$)', '\\1ς\\2', 'g')",
}


@pytest.mark.parametrize("fold", OTHER_FOLDS.values(), ids=list(OTHER_FOLDS))
def test_what_cannot_be_alike(fold: str, database: ConnectionPool, cursor: duckdb.DuckDBPyConnection) -> None:
    with database.connection() as connection:
        connection.execute("BEGIN")
        try:
            connection.execute(
                "CREATE OR REPLACE FUNCTION vxdata.fold(value text) RETURNS text LANGUAGE sql IMMUTABLE "
                f'PARALLEL SAFE RETURN {fold} COLLATE "C"'
            )
            assert not fold_alike(connection, cursor)
        finally:
            connection.execute("ROLLBACK")
