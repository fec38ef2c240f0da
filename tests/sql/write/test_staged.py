"""Staged rows: a temporary table and a statement hold the same."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.sql.schema.test_ddl import THING
from vxdata.sql.schema.ddl import map_columns
from vxdata.sql.write.staged import create_staging, staged_rows

if TYPE_CHECKING:
    from vxdata.server.database.pool import ConnectionPool


def test_staging_splits_mappings_and_ends_with_the_transaction(database: ConnectionPool) -> None:
    with database.connection() as connection:
        with connection.transaction("BEGIN"):
            connection.execute(create_staging(THING))
            rows = connection.rows(
                "SELECT attname, format_type(atttypid, atttypmod) AS type FROM pg_attribute "
                "WHERE attrelid = 'pg_temp.stage_thing'::regclass AND attnum > 0 ORDER BY attnum"
            )
        (gone,) = connection.rows("SELECT to_regclass('pg_temp.stage_thing')::text AS name")
    types = {row["attname"]: row["type"] for row in rows}
    assert list(types) == [
        "identifier",
        "parent_identifier",
        "license",
        "size",
        "user",
        *map_columns("labels"),
        *map_columns("figures"),
        "column_set",
        "expected_version",
    ]
    assert [types[name] for name in (*map_columns("labels"), *map_columns("figures"))] == [
        "text[]",
        "text[]",
        "text[]",
        "double precision[]",
    ]
    assert gone == {"name": None}


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "it's",
        "''",
        'say "a"',
        "a\\b",
        "\\u0041",
        "\\'",
        "$$",
        "%s",
        "$1",
        ":a",
        "?",
        "a\tb\r\nc",
        "é🩻\u2028",
    ],
)
def test_texts_in_a_statement_are_those_that_were_staged(database: ConnectionPool, text: str) -> None:
    row = {"identifier": "thing/1", "user": text, "labels__keys": [text], "labels__values": [text]}
    with database.connection() as connection:
        (found,) = connection.rows(f"SELECT * FROM {staged_rows(THING, [row])} AS s")
    assert {name: value for name, value in found.items() if value is not None} == row


@pytest.mark.parametrize("number", [0.1, -0.0, 5e-324, 1.7976931348623157e308, 1e16, 123456789.123456789])
def test_numbers_are_exact(database: ConnectionPool, number: float) -> None:
    row: dict[str, Any] = {"size": 2**63 - 1, "figures__keys": ["a"], "figures__values": [number]}
    with database.connection() as connection:
        (found,) = connection.rows(f"SELECT * FROM {staged_rows(THING, [row])} AS s")
    assert found["size"] == 2**63 - 1
    assert repr(found["figures__values"]) == repr([number])


def test_what_is_no_value_of_a_field_is_refused() -> None:
    with pytest.raises(TypeError, match="bytes cannot stand in a statement"):
        staged_rows(THING, [{"user": b"a"}])
    assert "2025-01-31" in staged_rows(THING, [{"user": date(2025, 1, 31)}])
    assert "0001-01-01T00:00:00+00:00" in staged_rows(THING, [{"user": datetime(1, 1, 1, tzinfo=UTC)}])
