"""Fixtures of this folder, among them a small store whose values are all hostile."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.query.data import dump
from tests.query.oracle import Oracle
from tests.query.positions import FRAGMENTS
from tests.query.raw import Raw, serve
from tests.server.databases import admin, creates, database, database_uri, monitor, new_database, reads
from tests.server.support import create, resources
from vxdata.schemas.catalog import default_catalog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import SecretStr

    from vxdata.server.config import Settings
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.services.write import WriteService

__all__ = ["admin", "creates", "database", "database_uri", "monitor", "new_database", "reads"]

LONG_TEXT = "a" * 20_001
"""A description to search for a long time."""


@pytest.fixture(scope="module")
def oracle(creates: WriteService, database: ConnectionPool) -> Oracle:
    """The right answers, once the store is filled."""
    artefacts = [
        {
            "identifier": f"artefact/{number}",
            "name": text,
            "description": LONG_TEXT if number == 0 else text,
            "kind": ("table", "model", None)[number % 3],
            "parameters": {"a": text, text: text},
            "metrics": {text: float(number), "b": -1.5},
            "started_at": datetime(number + 1, 1, 1, tzinfo=UTC) if number % 2 else None,
        }
        for number, text in enumerate(FRAGMENTS)
    ]
    benchmarks = [
        {
            "identifier": f"benchmarking/{number}",
            "parent_identifier": f"artefact/{number}",
            "eval_task": "x",
            "summary_metrics": {text: 1.0},
            "benchmarked_on": [text, "other"],
        }
        for number, text in enumerate(FRAGMENTS)
    ]
    sources = [
        {
            "identifier": f"datasource/{number}",
            "planned_patient_count": 2**63 - 1 - number,
            "is_prospective": True,
        }
        for number in range(3)
    ]
    create(
        creates,
        resources("artefact", *artefacts),
        resources("benchmarking", *benchmarks),
        resources("datasource", *sources),
    )
    return Oracle(dump(database), default_catalog())


@pytest.fixture(scope="module")
def raw(settings: Settings, database_uri: SecretStr, oracle: Oracle) -> Iterator[Raw]:
    """A client of a server on that store."""
    yield from serve(settings, database_uri)
