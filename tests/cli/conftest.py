"""Fixtures of this folder: servers on databases of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.server.databases import admin, empty_databases
from vxdata.cli.running import upgrade_database
from vxdata.sdk import Client
from vxdata.server.app import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic import SecretStr

    from vxdata.server.config import Settings
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.embedded import EmbeddedStack

__all__ = ["admin"]


@pytest.fixture
def new_database(admin: ConnectionPool, stack: EmbeddedStack) -> Iterator[Callable[[], SecretStr]]:
    """Makes an empty database, and tells its URI.

    Each goes with its test: what is dropped need not be written out when the cluster stops.
    """
    with empty_databases(admin, stack) as make:
        yield make


@pytest.fixture
def empty_client(settings: Settings, new_database: Callable[[], SecretStr]) -> Iterator[Client]:
    """A client of a server without any resources."""
    uri = new_database()
    upgrade_database(uri)
    own = settings.model_copy(update={"database_uri": uri})
    with Server(own) as server, Client(server.flight_url) as client:
        yield client
