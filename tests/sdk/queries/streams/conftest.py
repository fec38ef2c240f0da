"""Fixtures of this folder: a server with a database of its own, whose rows lie as they were written.

A search that has to stall after the first rows depends on their place in the table.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.sdk.reports import create_reports
from tests.server.databases import admin, new_database
from vxdata.cli.running import upgrade_database
from vxdata.sdk import Client
from vxdata.server.app import Server
from vxdata.server.database.pool import ConnectionPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic import SecretStr

    from vxdata.server.config import Settings

__all__ = ["admin", "new_database"]


@pytest.fixture(scope="module")
def settings(settings: Settings, new_database: Callable[[], SecretStr]) -> Settings:
    """Settings of a server on an empty database, which asks PostgreSQL each time."""
    uri = new_database()
    upgrade_database(uri)
    return settings.model_copy(update={"database_uri": uri, "cache_dir": None})


@pytest.fixture(scope="module")
def server(settings: Settings) -> Iterator[Server]:
    """The server."""
    with Server(settings) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[Client]:
    """A client of the server."""
    with Client(server.flight_url) as connected:
        yield connected


@pytest.fixture(scope="module")
def database(server: Server, settings: Settings) -> Iterator[ConnectionPool]:
    """Connections to the database of the server."""
    assert settings.database_uri is not None
    with closing(ConnectionPool(settings.database_uri, size=2)) as pool:
        yield pool


@pytest.fixture(scope="module")
def reports(client: Client, root: str) -> str:
    """What long reports hang below."""
    create_reports(client, root)
    return root
