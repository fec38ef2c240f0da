"""Fixtures of this folder: a server with the example of the contract as a catalog, a client of its HTTP."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.cohorts.example import EXAMPLE
from vxdata.server.app import Server
from vxdata.server.catalog_settings import CatalogSettings
from vxdata.server.config import Settings
from vxdata.server.database.pool import ConnectionPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic import SecretStr


@pytest.fixture(scope="session")
def example_uri(new_database: Callable[[], SecretStr]) -> SecretStr:
    """URI of a database that holds the example in the schema `cda`, and a plain table beside it."""
    uri = new_database()
    with closing(ConnectionPool(uri, size=1)) as pool, pool.connection() as connection:
        connection.execute(*EXAMPLE.statements("cda"))
    return uri


@pytest.fixture(scope="session")
def cda_server(example_uri: SecretStr) -> Iterator[Server]:
    """A server that serves the example as the catalog `cda`, and nothing else."""
    catalogs = {"cda": CatalogSettings(uri=example_uri, schema_name="cda")}
    with Server(Settings(port=0, http_port=0, catalogs=catalogs, grace=5)) as running:
        yield running


@pytest.fixture(scope="session")
def http(cda_server: Server) -> Iterator[httpx.Client]:
    """A client of the example's CDA API that follows no redirects."""
    url = f"{cda_server.http_url}/cda"
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
        yield client
