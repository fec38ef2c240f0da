"""The reading role: it reads all that answers are made of, and PostgreSQL lets it change nothing."""

from __future__ import annotations

import re
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from vxdata.schemas.catalog.registry import registry
from vxdata.server.app import Server
from vxdata.server.database.connection import READ_WRITE
from vxdata.server.database.errors import DatabaseError
from vxdata.server.database.pool import READING, ConnectionPool, Lane
from vxdata.server.database.reading_role import require_reading_role, role_of
from vxdata.server.database.upgrade import SchemaMismatch, upgrade
from vxdata.sql.schema.reading import OWN_RIGHTS, PRIVATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vxdata.server.config import Settings
    from vxdata.server.embedded import EmbeddedStack

DENIED = "42501"
"""https://www.postgresql.org/docs/current/errcodes-appendix.html: insufficient_privilege"""


@pytest.fixture
def uris(new_database: Callable[[], SecretStr], stack: EmbeddedStack) -> tuple[SecretStr, SecretStr]:
    """A database without tables: for its owner, and for the reading role."""
    uri = new_database()
    name = uri.get_secret_value().partition("@/")[2].partition("?")[0]
    read = stack.postgres_read_uri.get_secret_value().replace("@/vxdata?", f"@/{name}?")
    return uri, SecretStr(read)


@contextmanager
def upgraded(uri: SecretStr, read_uri: SecretStr) -> Iterator[ConnectionPool]:
    """Make the tables, and lend connections of both roles."""
    with closing(ConnectionPool(uri, size=1)) as database:
        done = upgrade(database, registry(), role_of(read_uri))
        assert {"volume", "volume_history", "commit_log"} <= set(done.rights)
        assert not upgrade(database, registry(), role_of(read_uri)).changed
    with closing(ConnectionPool(uri, read_uri=read_uri, size=2)) as pool:
        yield pool


def refusal(pool: ConnectionPool, lane: Lane, sql: str) -> str:
    """Run a statement in a transaction that says it may write, and return the SQLSTATE of its refusal."""
    with (
        pool.connection(lane) as connection,
        pytest.raises(DatabaseError) as caught,
        connection.transaction(READ_WRITE),
    ):
        connection.execute(sql)
    return caught.value.sqlstate


def test_it_reads_every_table_but_the_private_ones(uris: tuple[SecretStr, SecretStr]) -> None:
    with upgraded(*uris) as pool, pool.connection(Lane.LOOKUP) as connection:
        tables = connection.rows(OWN_RIGHTS)
        for table in (each["name"] for each in tables if not each["is_private"]):
            connection.rows(f'SELECT count(*) AS n FROM vxdata."{table}"')
    assert {each["name"] for each in tables if not each["may_read"]} == set(PRIVATE)
    assert not any(each["may_write"] for each in tables)


@pytest.mark.parametrize("lane", sorted(READING, key=str))
def test_a_connection_for_reads_cannot_write(lane: Lane, uris: tuple[SecretStr, SecretStr]) -> None:
    with upgraded(*uris) as pool:
        for table in ("volume", "volume_history", "commit_log", "commit_clock", "token", "signing_key"):
            for sql in (f"DELETE FROM vxdata.{table}", f"TRUNCATE vxdata.{table}"):
                assert refusal(pool, lane, sql) == DENIED, sql
            assert refusal(pool, lane, f"ALTER TABLE vxdata.{table} ADD COLUMN more text") == DENIED
        assert refusal(pool, lane, "CREATE TABLE vxdata.own (n integer)") == DENIED
        assert refusal(pool, lane, "CREATE TABLE public.own (n integer)") == DENIED
        assert refusal(pool, lane, "SET ROLE vxdata") == DENIED
        assert refusal(pool, lane, "COPY vxdata.volume TO PROGRAM 'id'") == DENIED
        assert refusal(pool, lane, "COPY (SELECT 1) TO '/tmp/own'") == DENIED


def test_no_answer_shows_who_may_call(uris: tuple[SecretStr, SecretStr]) -> None:
    with upgraded(*uris) as pool:
        for table in PRIVATE:
            assert refusal(pool, Lane.STREAM, f"SELECT * FROM vxdata.{table}") == DENIED
            with pool.connection(Lane.PRIVATE) as connection:
                connection.rows(f"SELECT * FROM vxdata.{table}")


def test_other_lanes_write(uris: tuple[SecretStr, SecretStr]) -> None:
    with upgraded(*uris) as pool:
        for lane in set(Lane) - READING:
            with pool.connection(lane) as connection, connection.transaction(READ_WRITE):
                connection.execute("DELETE FROM vxdata.volume")


def test_a_server_refuses_a_role_without_rights(
    settings: Settings, uris: tuple[SecretStr, SecretStr]
) -> None:
    uri, read_uri = uris
    with closing(ConnectionPool(uri, size=1)) as database:
        upgrade(database, registry())
    here = settings.model_copy(update={"database_uri": uri, "read_uri": read_uri})
    with pytest.raises(SchemaMismatch, match=r"vxdata_read of VXDATA_READ_URI may not read .*db upgrade"):
        Server(here)


def test_a_server_refuses_a_role_that_may_write(
    settings: Settings, uris: tuple[SecretStr, SecretStr]
) -> None:
    uri, read_uri = uris
    for changed in (
        "GRANT INSERT ON vxdata.volume TO vxdata_read",
        "GRANT SELECT ON vxdata.token TO vxdata_read",
    ):
        with upgraded(uri, read_uri) as pool, pool.connection(Lane.WRITE) as connection:
            connection.execute(changed)
            table = "volume" if "volume" in changed else "token"
            here = settings.model_copy(update={"database_uri": uri, "read_uri": read_uri})
            with pytest.raises(
                SchemaMismatch, match=f"may do more than read: it has rights that it does not need on {table}"
            ):
                Server(here)
            connection.execute("DROP SCHEMA vxdata CASCADE")
    with upgraded(uri, read_uri):
        here = settings.model_copy(update={"database_uri": uri, "read_uri": uri})
        with pytest.raises(
            SchemaMismatch,
            match="The role vxdata of VXDATA_READ_URI may do more than read: it may make tables",
        ):
            Server(here)


def test_rights_on_private_tables_are_taken_away(uris: tuple[SecretStr, SecretStr]) -> None:
    with upgraded(*uris) as pool:
        with pool.connection(Lane.WRITE) as connection:
            connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA vxdata TO vxdata_read")
        with closing(ConnectionPool(uris[0], size=1)) as database:
            assert set(upgrade(database, registry(), "vxdata_read").rights) == set(PRIVATE)
        require_reading_role(pool)


@pytest.mark.parametrize(
    ("made", "wrong"),
    [
        ("NOINHERIT IN ROLE vxdata", "it is a member of another role"),
        ("CREATEROLE", "it is a superuser, or may make roles"),
    ],
)
def test_what_a_role_could_become_counts(
    admin: ConnectionPool, uris: tuple[SecretStr, SecretStr], unique: str, made: str, wrong: str
) -> None:
    role = f"read_{unique}"
    read_uri = SecretStr(re.sub(r"//[^@]*@", f"//{role}:pw@", uris[1].get_secret_value()))
    with admin.connection() as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'pw' {made}")
    try:
        with upgraded(uris[0], read_uri) as pool, pytest.raises(SchemaMismatch, match=wrong):
            require_reading_role(pool)
        with closing(ConnectionPool(uris[0], size=1)) as database, database.connection() as connection:
            connection.execute("DROP SCHEMA vxdata CASCADE")
    finally:
        with admin.connection() as connection:
            connection.execute(f"DROP ROLE {role}")


def test_another_database_is_told_from_the_one_that_is_written(
    uris: tuple[SecretStr, SecretStr], stack: EmbeddedStack
) -> None:
    with (
        upgraded(*uris),
        closing(ConnectionPool(uris[0], read_uri=stack.postgres_read_uri, size=1)) as pool,
        pytest.raises(SchemaMismatch, match="leads to another database"),
    ):
        require_reading_role(pool)


def test_idle_connections_of_one_role_make_room_for_the_other(
    admin: ConnectionPool, uris: tuple[SecretStr, SecretStr]
) -> None:
    """Each role keeps the connection that others are cloned from; one slot is left for both."""
    with upgraded(*uris):
        pass
    name = uris[0].get_secret_value().rpartition("?")[0].rpartition("/")[2]
    with closing(ConnectionPool(uris[0], read_uri=uris[1], size=1, wait=30)) as pool:
        with admin.connection() as connection:
            connection.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT 3')
        for lane in (Lane.STREAM, Lane.WRITE, Lane.LOOKUP, Lane.PRIVATE) * 3:
            with pool.connection(lane) as connection:
                assert connection.rows("SELECT 1 AS one") == [{"one": 1}]
                connection.is_broken = lane is Lane.WRITE  # so the reader's idle one is all that is left
