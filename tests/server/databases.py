"""Fixtures: databases that a test module has for itself, in the session's PostgreSQL."""

from __future__ import annotations

import secrets
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from vxdata.schemas.catalog import Catalog
from vxdata.schemas.catalog.registry import registry
from vxdata.server.database.monitor import CancellationMonitor
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.database.upgrade import upgrade
from vxdata.server.embedded.secrets import StackSecrets
from vxdata.server.services.read import ReadService
from vxdata.server.services.write import WriteService

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from vxdata.server.embedded import EmbeddedStack

ADMIN = "vxdata_admin"


@pytest.fixture(scope="session")
def admin(stack: EmbeddedStack, session_dir: Path) -> Iterator[ConnectionPool]:
    """Connections of the cluster's superuser."""
    with superuser(stack, session_dir / "stack") as database:
        yield database


@contextmanager
def superuser(stack: EmbeddedStack, folder: Path) -> Iterator[ConnectionPool]:
    """Connect to a stack as the superuser of its cluster.

    Args:
        stack: The stack.
        folder: Its folder.
    """
    kept = StackSecrets.load_or_create(folder / "secrets.json", may_create=False)
    password = quote(kept.postgres_admin_password.get_secret_value(), safe="")
    host = stack.postgres_uri.get_secret_value().partition("@/")[2].partition("?")[2]
    with closing(
        ConnectionPool(SecretStr(f"postgresql://{ADMIN}:{password}@/postgres?{host}"), size=2)
    ) as database:
        yield database


@contextmanager
def empty_databases(admin: ConnectionPool, stack: EmbeddedStack) -> Iterator[Callable[[], SecretStr]]:
    """Make empty databases and tell their URIs; all go at the end of the block.

    Args:
        admin: Connections of the superuser.
        stack: Where the databases are made.

    Yields:
        A function that makes one.
    """
    made: list[str] = []

    def make() -> SecretStr:
        name = f"test_{secrets.token_hex(6)}"
        with admin.connection() as connection:
            connection.execute(f'CREATE DATABASE "{name}" OWNER vxdata')
        made.append(name)
        return SecretStr(stack.postgres_uri.get_secret_value().replace("/vxdata?", f"/{name}?"))

    yield make
    with admin.connection() as connection:
        for name in made:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def new_database(admin: ConnectionPool, stack: EmbeddedStack) -> Iterator[Callable[[], SecretStr]]:
    """Makes an empty database, and tells its URI."""
    with empty_databases(admin, stack) as make:
        yield make


@pytest.fixture(scope="module")
def database_uri(new_database: Callable[[], SecretStr]) -> SecretStr:
    """URI of a database with all tables, of this test module alone."""
    uri = new_database()
    with closing(ConnectionPool(uri, size=1)) as database:
        upgrade(database, registry())
    return uri


@pytest.fixture(scope="module")
def database(database_uri: SecretStr) -> Iterator[ConnectionPool]:
    """Connections to the module's database."""
    with closing(ConnectionPool(database_uri, size=8, wait=30.0)) as pool:
        yield pool


@pytest.fixture(scope="module")
def monitor() -> Iterator[CancellationMonitor]:
    """A running monitor."""
    with closing(CancellationMonitor()) as running:
        yield running


@pytest.fixture(scope="module")
def creates(database: ConnectionPool, monitor: CancellationMonitor) -> WriteService:
    """Creates in the module's database."""
    return WriteService(database, registry(), monitor, allow_purge=False)


@pytest.fixture(scope="module")
def reads(database: ConnectionPool, monitor: CancellationMonitor) -> ReadService:
    """Reads from the module's database."""
    return ReadService(database, Catalog.from_registry(registry()), monitor)
