"""Fixtures of this folder: the example of the contract as a catalog, with a server and without one."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.cohorts.example import EXAMPLE
from tests.cohorts.serving import catalog_served
from tests.sdk.cohorts.catalogs import DESCRIPTION
from tests.server.databases import admin, new_database
from vxdata.schemas.wire import Action, CatalogRequest
from vxdata.sdk import Client, MemoryTransport
from vxdata.server.database.pool import ConnectionPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic import SecretStr

    from vxdata.schemas.wire import Message
    from vxdata.sdk import RemoteCatalog
    from vxdata.server.app import Server

__all__ = ["admin", "new_database"]


@pytest.fixture(scope="module")
def known() -> RemoteCatalog:
    """A catalog of a client without a server, for what happens before any call."""

    def describe(action: Action, body: bytes) -> Message:
        assert action is Action.CATALOG
        assert CatalogRequest.model_validate_json(body).name == "cda"
        return DESCRIPTION

    return Client(transport=MemoryTransport(act=describe)).catalog("cda")


@pytest.fixture(scope="module")
def served(
    new_database: Callable[[], SecretStr], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server with the example as its only catalog."""
    uri = new_database()
    with closing(ConnectionPool(uri, size=1)) as pool, pool.connection() as connection:
        connection.execute(*EXAMPLE.statements("cda"))
    with catalog_served(uri, tmp_path_factory.mktemp("results"), "cda") as server:
        yield server


@pytest.fixture(scope="module")
def reader(served: Server) -> Iterator[Client]:
    """A client of that server."""
    with Client(served.flight_url) as client:
        yield client


@pytest.fixture(scope="module")
def cda(reader: Client) -> RemoteCatalog:
    """The example, on the server."""
    return reader.catalog("cda")
