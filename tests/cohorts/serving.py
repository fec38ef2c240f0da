"""Servers over a catalog, without data of their own."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx

from vxdata.server.app import Server
from vxdata.server.catalog_settings import CatalogSettings
from vxdata.server.config import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pydantic import SecretStr

CATALOG = "cda"


@contextmanager
def catalog_served(uri: SecretStr, cache_dir: Path, schema: str = "public") -> Iterator[Server]:
    """Serve a database as the catalog `cda`.

    Args:
        uri: The database.
        cache_dir: Where results are kept.
        schema: The schema of its tables.
    """
    catalogs = {CATALOG: CatalogSettings(uri=uri, schema_name=schema)}
    given = Settings(port=0, http_port=0, catalogs=catalogs, cache_dir=cache_dir, authentication="off")
    with Server(given) as server:
        yield server


def root_of(server: Server) -> str:
    """Where the API of the catalog is."""
    return f"{server.http_url}/{CATALOG}"


def api_of(server: Server) -> httpx.Client:
    """A client of the API of the catalog."""
    return httpx.Client(base_url=root_of(server), timeout=60, trust_env=False)


def asked(api: httpx.Client, path: str, body: dict[str, Any] | None = None) -> Any:
    """The answer to a request that succeeds."""
    response = api.post(path, json={} if body is None else body)
    assert response.status_code == 200, response.text
    return response.json()
