"""Fixtures of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.server.services.verbs.support import Store
from vxdata.schemas.catalog.registry import registry
from vxdata.server.ingest.staging import FEW
from vxdata.server.services.write import WriteService

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.server.database.monitor import CancellationMonitor
    from vxdata.server.database.pool import ConnectionPool


@pytest.fixture(scope="module", params=[FEW, 0], ids=["rows in statements", "rows in tables"])
def where(request: pytest.FixtureRequest) -> Iterator[None]:
    """Where staged rows are: whatever the verbs do, it must not matter."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vxdata.server.ingest.staging.FEW", request.param)
        yield


@pytest.fixture(scope="module")
def store(database: ConnectionPool, monitor: CancellationMonitor, where: None) -> Store:
    """All verbs, on the module's database."""
    return Store(WriteService(database, registry(), monitor, allow_purge=True), database)


@pytest.fixture
def tree(store: Store, unique: str) -> dict[str, str]:
    """Two data sources; below the first a patient, its study, a volume and an artefact."""
    names = {
        "source": f"datasource/{unique}-1",
        "other": f"datasource/{unique}-2",
        "patient": f"patient/{unique}",
        "study": f"imagingstudy/{unique}",
        "volume": f"volume/{unique}",
        "artefact": f"artefact/{unique}",
    }
    chain = [names[key] for key in ("source", "patient", "study", "volume", "artefact")]
    store.plant({names["other"]: None, **dict(zip(chain, [None, *chain], strict=False))})
    return names
