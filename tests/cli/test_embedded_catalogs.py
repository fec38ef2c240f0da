"""Catalogs in the database of `vxdata up`: read by a role that sees their schemas and nothing else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
import typer
from pydantic import SecretStr

from tests.server.support import CALL, until
from vxdata.cli.embedded_catalogs import embedded_catalogs
from vxdata.schemas.errors import ServerUnavailable
from vxdata.schemas.identity import EVERYTHING
from vxdata.schemas.plan import Plan
from vxdata.server.app import Server
from vxdata.server.catalog_settings import CatalogSettings
from vxdata.server.database.connection import READ_WRITE
from vxdata.server.database.errors import Denied
from vxdata.server.database.pool import ConnectionPool, Lane
from vxdata.sql.schema.catalog_rights import LOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vxdata.server.config import Settings
    from vxdata.server.embedded import EmbeddedStack

CATALOG = "lab"


@pytest.fixture
def owner(stack: EmbeddedStack) -> Iterator[ConnectionPool]:
    """Connections of the owner of the stack's database."""
    with closing(ConnectionPool(stack.postgres_uri, size=2)) as pool:
        yield pool


@pytest.fixture
def schema(owner: ConnectionPool, unique: str) -> Iterator[str]:
    """A schema with one table of two rows."""
    name = f"Lab {unique}"
    change(owner, f'CREATE SCHEMA "{name}"', *table(name))
    yield name
    change(owner, f'DROP SCHEMA "{name}" CASCADE')


@pytest.fixture
def server(settings: Settings, stack: EmbeddedStack, schema: str) -> Iterator[Server]:
    """A server on the stack with the schema as two catalogs."""
    named = CatalogSettings(uri=SecretStr(f"embedded:{schema}"))
    catalogs = embedded_catalogs(stack, {CATALOG: named, "again": named})
    here = {"catalogs": catalogs, "read_uri": stack.postgres_read_uri, "cache_dir": None}
    with Server(settings.model_copy(update=here)) as running:
        yield running


def table(schema: str) -> tuple[str, ...]:
    return (
        f'CREATE TABLE "{schema}".measured (id integer PRIMARY KEY)',
        f'INSERT INTO "{schema}".measured VALUES (1), (2)',
    )


def change(owner: ConnectionPool, *statements: str) -> None:
    with owner.connection() as connection:
        connection.execute(*statements)


def ids(server: Server, catalog: str = CATALOG) -> list[int]:
    """Read the table through a catalog."""
    result = server._services.tables.run(catalog, Plan(relation="measured"), CALL)
    return sorted(row["id"] for batch in result.batches for row in batch.to_pylist())


def explain(server: Server) -> str:
    """Have the way explained in which the table is read."""
    return server._services.tables.explain(CATALOG, Plan(relation="measured"), CALL).postgresql


def test_both_catalogs_of_a_schema_are_read(server: Server) -> None:
    assert ids(server) == ids(server, "again") == [1, 2]


def test_a_catalog_can_neither_write_nor_see_anything_else(
    server: Server, owner: ConnectionPool, schema: str, unique: str
) -> None:
    other = f"other_{unique}"
    change(owner, f"CREATE SCHEMA {other}", *table(other))
    statements = (
        f'DELETE FROM "{schema}".measured',
        f'CREATE TABLE "{schema}".more (n integer)',
        "CREATE TABLE public.more (n integer)",
        "CREATE TEMPORARY TABLE more (n integer)",
        "SELECT count(*) FROM vxdata.token",
        "SELECT count(*) FROM vxdata.volume",
        f"SELECT count(*) FROM {other}.measured",
        "SET ROLE vxdata",
        "SET ROLE vxdata_read",
        "COPY (SELECT 1) TO PROGRAM 'id'",
    )
    database = server._services.catalogs.seen_by(EVERYTHING)[CATALOG].loaded.database
    for lane in Lane:
        for sql in statements:
            with (
                database.connection(lane) as connection,
                pytest.raises(Denied),
                connection.transaction(READ_WRITE),
            ):
                connection.execute(sql)
    change(owner, f"DROP SCHEMA {other} CASCADE")


def test_a_table_that_is_made_anew_is_read_at_once(
    server: Server, owner: ConnectionPool, schema: str
) -> None:
    change(owner, f'DROP TABLE "{schema}".measured', *table(schema))
    change(owner, f'INSERT INTO "{schema}".measured VALUES (3)')
    assert ids(server) == [1, 2, 3]


@pytest.mark.parametrize("ask", [ids, explain])
def test_a_schema_that_is_made_anew_is_read_after_one_refusal(
    server: Server, owner: ConnectionPool, schema: str, ask: Callable[[Server], object]
) -> None:
    change(owner, f'DROP SCHEMA "{schema}" CASCADE', f'CREATE SCHEMA "{schema}"', *table(schema))
    change(owner, f'INSERT INTO "{schema}".measured VALUES (3)')
    with pytest.raises(ServerUnavailable, match="have just changed; try again"):
        ask(server)

    def is_read() -> bool:
        try:
            return ids(server) == [1, 2, 3]
        except ServerUnavailable:
            return False

    until(is_read, "the catalog is read anew")


def test_rights_that_are_there_are_not_written_again(
    server: Server, owner: ConnectionPool, schema: str
) -> None:
    rights = f"SELECT xmin::text AS written FROM pg_namespace WHERE nspname = '{schema}'"
    with owner.connection() as connection:
        before = connection.rows(rights)
        server._services.catalogs.seen_by(EVERYTHING)[CATALOG].refresh()
        assert connection.rows(rights) == before


def test_a_catalog_with_its_rights_waits_for_no_other(server: Server, owner: ConnectionPool) -> None:
    """Rights on a table wait for whoever changes the table, and hold the lock meanwhile."""
    catalog = server._services.catalogs.seen_by(EVERYTHING)[CATALOG]
    with ThreadPoolExecutor(1) as threads, owner.connection() as other, other.transaction(READ_WRITE):
        other.rows(LOCK)
        threads.submit(catalog.refresh).result(30)


def test_rights_are_given_by_one_at_a_time(server: Server, owner: ConnectionPool, schema: str) -> None:
    """PostgreSQL fails one of two that change the rights on a schema at once."""
    catalog = server._services.catalogs.seen_by(EVERYTHING)[CATALOG]
    waiting = """SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
    change(owner, f'DROP SCHEMA "{schema}" CASCADE', f'CREATE SCHEMA "{schema}"', *table(schema))
    with ThreadPoolExecutor(1) as threads, owner.connection() as watching:
        with owner.connection() as other, other.transaction(READ_WRITE):
            other.rows(LOCK)
            given = threads.submit(catalog.refresh)
            until(lambda: bool(watching.rows(waiting)), "the catalog waits for the lock")
        given.result(30)
    assert ids(server) == [1, 2]


@pytest.mark.parametrize(("uri", "schema_name"), [("embedded:vxdata", "public"), ("embedded:", "vxdata")])
def test_own_data_are_no_catalog(stack: EmbeddedStack, uri: str, schema_name: str) -> None:
    given = CatalogSettings(uri=SecretStr(uri), schema_name=schema_name)
    with pytest.raises(typer.BadParameter, match="the schema vxdata holds VxData's own data"):
        embedded_catalogs(stack, {CATALOG: given})


def test_other_databases_are_left_alone(stack: EmbeddedStack) -> None:
    given = {CATALOG: CatalogSettings(uri=SecretStr("postgresql://elsewhere/lab"))}
    assert embedded_catalogs(stack, given) == given
