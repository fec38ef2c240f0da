"""Fixtures of this folder: a server that asks who calls, with data of its own and a catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cohorts.example import EXAMPLE
from tests.server.identities.code_doors import CATALOG
from vxdata.server.app import Server
from vxdata.server.catalog_settings import CatalogSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import SecretStr

    from vxdata.server.config import Settings
    from vxdata.server.database.pool import ConnectionPool


@pytest.fixture(scope="module")
def guarded(
    settings: Settings,
    database_uri: SecretStr,
    database: ConnectionPool,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    """A server that asks who calls, with an audit, data of its own and a catalog that has the CDA API."""
    with database.connection() as connection:
        connection.execute(*EXAMPLE.statements("cda"))
    catalogs = {CATALOG: CatalogSettings(uri=database_uri, schema_name="cda")}
    changes = {
        "database_uri": database_uri,
        "catalogs": catalogs,
        "cache_dir": None,
        "audit_dir": tmp_path_factory.mktemp("guarded") / "audit",
        "authentication": "required",
    }
    with Server(settings.model_copy(update=changes)) as running:
        yield running
