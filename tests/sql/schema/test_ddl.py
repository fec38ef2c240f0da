"""Table definitions: what PostgreSQL says of the tables that were made."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.server.support import scalar
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.fields import Field, Integer, NumberMap, Text, TextMap
from vxdata.schemas.payload_type import LINEAGE_PREFIXES, PayloadType
from vxdata.server.database.errors import DatabaseError, UniqueViolation
from vxdata.sql.names import TOMBSTONE
from vxdata.sql.schema.ddl import add_column, create_tables, indexes, quote
from vxdata.sql.types import catalog_type

if TYPE_CHECKING:
    from vxdata.server.database.pool import ConnectionPool

THING = PayloadType(
    name="Thing",
    prefix="thing",
    namespace="things",
    description="A thing.",
    fields=(
        Field(name="size", type=Integer(), description="Size.", required=True),
        Field(name="user", type=Text(), description="A word that SQL reserves."),
        Field(name="labels", type=TextMap(), description="Labels."),
        Field(name="figures", type=NumberMap(), description="Figures."),
    ),
)
TABLES = [(payload_type.prefix, suffix) for payload_type in registry() for suffix in ("", "_history")]


def columns_of(database: ConnectionPool, table: str) -> dict[str, tuple[str, bool, str]]:
    """Name of each column -> type, whether null is allowed, collation."""
    with database.connection() as connection:
        rows = connection.rows(
            "SELECT a.attname, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull, "
            "coalesce((SELECT collname FROM pg_collation WHERE oid = a.attcollation), '') AS collation "
            f"FROM pg_attribute AS a WHERE a.attrelid = 'vxdata.\"{table}\"'::regclass "
            "AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"
        )
    return {row["attname"]: (row["type"], not row["attnotnull"], row["collation"]) for row in rows}


@pytest.mark.parametrize(("prefix", "suffix"), TABLES)
def test_tables_have_the_declared_columns(database: ConnectionPool, prefix: str, suffix: str) -> None:
    payload_type = registry().get(prefix)
    found = columns_of(database, prefix + suffix)
    assert list(found) == [*(field.name for field in payload_type.response_fields), TOMBSTONE]
    for field in payload_type.response_fields:
        type_, nullable, collation = found[field.name]
        assert type_ == catalog_type(field.type)
        assert nullable == (field.name not in {"identifier", "valid_from", "created_at", "version"})
        assert collation == ("C" if "text" in type_ else "")
    assert found[TOMBSTONE] == ("boolean", False, "")


def test_no_column_stores_a_payload_as_json(database: ConnectionPool) -> None:
    for payload_type in registry():
        maps = {field.name for field in payload_type.fields if isinstance(field.type, TextMap | NumberMap)}
        found = columns_of(database, payload_type.prefix)
        assert {name for name, (type_, *_) in found.items() if type_ == "jsonb"} == maps


@pytest.mark.parametrize(("prefix", "suffix"), TABLES)
def test_lineage_parents_and_commits_are_indexed(database: ConnectionPool, prefix: str, suffix: str) -> None:
    with database.connection() as connection:
        rows = connection.rows(
            f"SELECT indexdef FROM pg_indexes WHERE schemaname = 'vxdata' AND tablename = '{prefix}{suffix}'"
        )
    text = "\n".join(row["indexdef"] for row in rows)
    for name in ("parent_identifier", *LINEAGE_PREFIXES):
        is_own = LINEAGE_PREFIXES.get(name) == prefix
        assert (f"({name})" in text) != is_own
    key = "(identifier, version)" if suffix else "(identifier)"
    assert "USING btree (version)" in text
    assert f"UNIQUE INDEX {prefix}{suffix}_pkey" in text
    assert key in text


@pytest.mark.parametrize(("prefix", "suffix"), TABLES)
def test_external_identifiers_are_indexed(database: ConnectionPool, prefix: str, suffix: str) -> None:
    with database.connection() as connection:
        rows = connection.rows(
            f"SELECT indexdef FROM pg_indexes WHERE schemaname = 'vxdata' AND tablename = '{prefix}{suffix}'"
        )
    text = "\n".join(row["indexdef"] for row in rows)
    for field in registry().get(prefix).fields:
        assert (f"({field.name}) WHERE ({field.name} IS NOT NULL)" in text) is field.is_external_identifier


def test_uids_of_dicom_are_external_identifiers() -> None:
    found = {field.name for each in registry() for field in each.fields if field.is_external_identifier}
    assert {"series_instance_uid", "study_instance_uid", "accession_number", "external_uid"} <= found


def test_long_names_of_indexes_stay_apart(database: ConnectionPool) -> None:
    fields = tuple(
        Field(
            name=f"{'a' * 60}_{number}", type=Text(max_length=64), description="", is_external_identifier=True
        )
        for number in range(2)
    )
    wide = replace(THING, name="Wide", prefix="wide", namespace="wides", fields=fields)
    with database.connection() as connection:
        for statement in create_tables(wide):
            connection.execute(statement)
        rows = connection.rows(
            "SELECT indexname FROM pg_indexes WHERE schemaname = 'vxdata' AND tablename LIKE 'wide%'"
        )
    assert set(indexes(wide)) <= {row["indexname"] for row in rows}


def test_the_latest_version_is_open_and_one(database: ConnectionPool) -> None:
    insert = (
        "INSERT INTO vxdata.datasource{} (identifier, valid_from, valid_to, created_at, version) "
        "VALUES ('datasource/x', now(), {}, now(), 1)"
    )
    with database.connection() as connection:
        with pytest.raises(DatabaseError, match="check constraint"):
            connection.execute(insert.format("", "now() + interval '1 day'"))
        with pytest.raises(DatabaseError, match="check constraint"):
            connection.execute(insert.format("_history", "now()"))
        connection.execute(insert.format("", "NULL"))
        with pytest.raises(UniqueViolation):
            connection.execute(insert.format("", "NULL"))
        connection.execute("DELETE FROM vxdata.datasource WHERE identifier = 'datasource/x'")


def test_made_twice_and_extended(database: ConnectionPool) -> None:
    with database.connection() as connection:
        for _ in range(2):
            for statement in create_tables(THING):
                connection.execute(statement)
        added = Field(name="colour", type=Text(), description="Colour.", required=True)
        for _ in range(2):
            for statement in add_column(THING, added):
                connection.execute(statement)
    for table in ("thing", "thing_history"):
        found = columns_of(database, table)
        # Stored versions stay readable although the field is required from now on.
        assert found["colour"] == ("text", True, "C")
        assert found["size"] == ("bigint", True, "")


def test_quote(database: ConnectionPool) -> None:
    assert scalar(database, f"SELECT 1 AS {quote('select')}") == 1
