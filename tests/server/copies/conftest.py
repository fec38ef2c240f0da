"""Fixtures of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.server.services.verbs.support import Store
from vxdata.schemas.catalog.registry import registry
from vxdata.server.services.write import WriteService

if TYPE_CHECKING:
    from vxdata.server.database.monitor import CancellationMonitor
    from vxdata.server.database.pool import ConnectionPool


@pytest.fixture(scope="module")
def store(database: ConnectionPool, monitor: CancellationMonitor) -> Store:
    """All verbs, on the module's database, with a data source in it."""
    made = Store(WriteService(database, registry(), monitor, allow_purge=True), database)
    made.plant({"datasource/a": None, "datasource/b": None})
    return made
