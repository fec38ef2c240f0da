"""Reflection: what PostgreSQL tells of tables that VxData did not design."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

import pytest

from tests.server.database.readable import require_readable
from vxdata.schemas.catalog.reflected import ForeignKey, ReflectedColumn, ReflectedTable
from vxdata.schemas.errors import InvalidCatalog
from vxdata.server.database.connection import READ_ONLY
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.database.reflection import (
    Reflection,
    ReleaseReader,
    read_release,
    read_schema,
    reflect,
    release_statement,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic import SecretStr

TABLES: Final = (
    'CREATE SCHEMA "Some Data"',
    "CREATE DOMAIN short_text AS varchar(12) NOT NULL",
    """CREATE TABLE "Some Data".study (
        site text, number int, "the Title" short_text, PRIMARY KEY (site, number))""",
    'ALTER TABLE "Some Data".study ADD UNIQUE (number, site)',
    """CREATE TABLE "Some Data".visit (
        id bigint PRIMARY KEY, at timestamptz NOT NULL, score numeric(6, 2), tags text[],
        site text, number int, "next" bigint REFERENCES "Some Data".visit,
        FOREIGN KEY (number, site) REFERENCES "Some Data".study (number, site))""",
    """COMMENT ON COLUMN "Some Data".visit.at IS 'When it''s due.'""",
    """COMMENT ON TABLE "Some Data".visit IS 'One visit.'""",
    'CREATE VIEW "Some Data".late AS SELECT id, at FROM "Some Data".visit',
    'CREATE MATERIALIZED VIEW "Some Data".kept AS SELECT id FROM "Some Data".visit',
    'CREATE TABLE "Some Data".measured (day date, value real) PARTITION BY RANGE (day)',
    """CREATE TABLE "Some Data".measured_1 PARTITION OF "Some Data".measured
        FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')""",
    'CREATE TABLE "Some Data".secret (word text)',
    'CREATE VIEW "Some Data".asked_as_reader WITH (security_invoker) AS SELECT id FROM "Some Data".late',
)

CLOSED: Final = (
    'CREATE VIEW "Some Data".closed AS SELECT word FROM "Some Data".secret',
    'CREATE VIEW "Some Data".closed_to_reader WITH (security_invoker) AS SELECT word FROM "Some Data".secret',
    'CREATE VIEW "Some Data".closed_below AS SELECT word FROM "Some Data".closed_to_reader',
    """CREATE VIEW "Some Data".closed_in_part WITH (security_invoker = on) AS
        SELECT id FROM "Some Data".visit WHERE EXISTS (SELECT FROM "Some Data".secret)""",
    'REVOKE SELECT ON "Some Data".secret FROM CURRENT_USER',
)
"""Views that may be read, of a table that may not."""


@pytest.fixture(scope="module")
def empty(new_database: Callable[[], SecretStr]) -> Iterator[ConnectionPool]:
    with closing(ConnectionPool(new_database(), size=2)) as pool:
        yield pool


@pytest.fixture(scope="module")
def pool(empty: ConnectionPool) -> ConnectionPool:
    with empty.connection() as connection:
        connection.execute(*TABLES, *CLOSED)
    return empty


@pytest.fixture
def found(pool: ConnectionPool) -> dict[str, ReflectedTable]:
    with pool.connection() as connection:
        return read_schema(connection, "Some Data").table_by_name


def test_tables_views_and_partitioned_tables(found: dict[str, ReflectedTable]) -> None:
    assert list(found) == ["asked_as_reader", "kept", "late", "measured", "study", "visit"]


def test_tables_and_views_that_are_shown_can_be_read(
    pool: ConnectionPool, found: dict[str, ReflectedTable]
) -> None:
    closed = ["secret", "closed", "closed_to_reader", "closed_below", "closed_in_part"]
    require_readable(pool, "Some Data", found, closed)


def test_columns(found: dict[str, ReflectedTable]) -> None:
    assert found["visit"].columns == (
        ReflectedColumn("id", "bigint", is_nullable=False),
        ReflectedColumn("at", "timestamp with time zone", is_nullable=False, comment="When it's due."),
        ReflectedColumn("score", "numeric(6,2)"),
        ReflectedColumn("tags", "text[]"),
        ReflectedColumn("site", "text"),
        ReflectedColumn("number", "integer"),
        ReflectedColumn("next", "bigint"),
    )
    assert found["visit"].comment == "One visit."
    assert found["late"].columns[1] == ReflectedColumn("at", "timestamp with time zone")


def test_a_domain_counts_as_the_type_below_it(found: dict[str, ReflectedTable]) -> None:
    column = found["study"].column_by_name["the Title"]
    assert column == ReflectedColumn("the Title", "character varying(12)", is_nullable=False)


def test_keys_keep_the_order_of_their_columns(found: dict[str, ReflectedTable]) -> None:
    assert found["study"].primary_key == ("site", "number")
    assert found["measured"].primary_key == ()
    assert set(found["visit"].foreign_keys) == {
        ForeignKey(("number", "site"), "study", ("number", "site")),
        ForeignKey(("next",), "visit", ("id",)),
    }


def test_equal_schemas_have_equal_digests(pool: ConnectionPool) -> None:
    with pool.connection() as connection:
        first, second = (read_schema(connection, "Some Data") for _ in range(2))
        assert first.digest == second.digest
        connection.execute('ALTER TABLE "Some Data".study ADD COLUMN added int')
        changed = read_schema(connection, "Some Data").digest
        connection.execute('ALTER TABLE "Some Data".study DROP COLUMN added')
        assert read_schema(connection, "Some Data").digest == first.digest != changed


@pytest.mark.parametrize("schema", ["nowhere", "x'; DROP SCHEMA public; --", 'a"b'])
def test_a_schema_without_tables_is_refused(pool: ConnectionPool, schema: str) -> None:
    with pool.connection() as connection, pytest.raises(InvalidCatalog, match="no schema"):
        reflect(connection, schema)


class TestRelease:
    @pytest.fixture(scope="class")
    @classmethod
    def described(cls, new_database: Callable[[], SecretStr]) -> Iterator[ConnectionPool]:
        with closing(ConnectionPool(new_database(), size=2)) as pool:
            with pool.connection() as connection:
                connection.execute(
                    "CREATE TABLE release_metadata (data_source text, day date)",
                    "CREATE TABLE column_metadata (cda_table text, data_returns bool)",
                    "INSERT INTO release_metadata VALUES ('GDC', '2026-11-01'), ('IDC', NULL)",
                    "INSERT INTO column_metadata VALUES ('subject', true)",
                )
            yield pool

    def reading(self, pool: ConnectionPool, release: str | None = None) -> Reflection:
        with pool.connection() as connection:
            return reflect(connection, "public", release)

    def test_metadata_are_read_as_json(self, described: ConnectionPool) -> None:
        found = self.reading(described)
        assert found.column_metadata == ({"cda_table": "subject", "data_returns": True},)
        assert found.release_metadata == (
            {"data_source": "GDC", "day": "2026-11-01"},
            {"data_source": "IDC", "day": None},
        )

    def test_the_content_of_the_metadata_is_the_release(self, described: ConnectionPool) -> None:
        before = self.reading(described).release
        with described.connection() as connection:
            connection.execute("INSERT INTO release_metadata VALUES ('PDC', NULL)")
            changed = self.reading(described).release
            connection.execute("DELETE FROM release_metadata WHERE data_source = 'PDC'")
            assert None is not before == self.reading(described).release != changed

    def test_a_change_is_noticed_in_its_own_snapshot(self, described: ConnectionPool) -> None:
        with described.connection() as connection, described.connection() as other:
            schema = read_schema(connection, "public")
            reader = ReleaseReader(schema, None)
            reader.try_out(connection)
            with connection.transaction(READ_ONLY):
                before = reader.read(connection)
                other.execute("UPDATE release_metadata SET data_source = 'PDC' WHERE data_source = 'IDC'")
                assert reader.read(other) != before == reader.read(connection)
            other.execute("UPDATE release_metadata SET data_source = 'IDC' WHERE data_source = 'PDC'")
            assert reader.read(connection) == before is not None

    def test_the_content_of_a_view_is_read_each_time(self, described: ConnectionPool) -> None:
        with described.connection() as connection:
            connection.execute(
                "CREATE SCHEMA seen", "CREATE VIEW seen.release_metadata AS SELECT * FROM release_metadata"
            )
            reader = ReleaseReader(read_schema(connection, "seen"), None)
            reader.try_out(connection)
            assert reader.read(connection) == read_release(
                connection, release_statement(read_schema(connection, "public"), None)
            )

    def test_empty_metadata_tell_none(self, described: ConnectionPool) -> None:
        with described.connection() as connection:
            connection.execute("BEGIN", "DELETE FROM release_metadata")
            schema = read_schema(connection, "public")
            assert read_release(connection, release_statement(schema, None)) is None
            connection.rollback()

    @pytest.mark.parametrize(
        ("statement", "release"),
        [
            ("SELECT 'R1'", "R1"),
            ("SELECT 7", "7"),
            ("SELECT 1 AS a, 'x' AS b", '[1, "x"]'),
            ("SELECT NULL::text", None),
        ],
    )
    def test_a_statement_tells_it(
        self, described: ConnectionPool, statement: str, release: str | None
    ) -> None:
        assert self.reading(described, statement).release == release

    def test_a_long_release_is_shown_as_a_digest(self, described: ConnectionPool) -> None:
        found = self.reading(described, "SELECT repeat('x', 5000)").release
        assert found is not None
        assert len(found) == 64

    @pytest.mark.parametrize("statement", ["SELECT 1 WHERE false", "SELECT generate_series(1, 2)"])
    def test_it_gives_one_row(self, described: ConnectionPool, statement: str) -> None:
        with pytest.raises(InvalidCatalog, match="one row"):
            self.reading(described, statement)

    def test_without_metadata_nothing_tells_it(self, empty: ConnectionPool) -> None:
        with empty.connection() as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS alone (x int)")
            found = reflect(connection, "public")
        assert (found.release, found.column_metadata, found.release_metadata) == (None, (), ())
