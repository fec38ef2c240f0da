"""The examples of docs/versions.md run as they stand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.server.databases import admin, new_database
from tools.tree import TOP
from vxdata.cli.running import upgrade_database
from vxdata.schemas.create import DataSourceCreate, PatientCreate, VolumeCreate
from vxdata.schemas.update import PatientUpdate
from vxdata.sdk import Client, F
from vxdata.server.app import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic import SecretStr

    from vxdata.server.config import Settings

__all__ = ["admin", "new_database"]

BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
RESOURCES = [
    DataSourceCreate(identifier="basel", license="x"),
    DataSourceCreate(identifier="bamberg", license="x", patient_code="BB"),
    PatientCreate(identifier="4711", parent_identifier="datasource/bamberg", license="x"),
    VolumeCreate(identifier="vol1", parent_identifier="patient/4711", license="x"),
]
"""What the examples speak of."""


@pytest.fixture
def own_client(settings: Settings, new_database: Callable[[], SecretStr]) -> Iterator[Client]:
    """A client of a server with these resources and no others."""
    uri = new_database()
    upgrade_database(uri)
    with (
        Server(settings.model_copy(update={"database_uri": uri})) as server,
        Client(server.flight_url) as client,
    ):
        client.resources.create(RESOURCES)
        client.patients.register([f"earlier-{number}" for number in range(16)], "datasource/bamberg")
        yield client


@pytest.mark.filterwarnings("ignore::vxdata.schemas.types.pydantic.NaiveTimestampWarning")  # as the page says
def test_every_example_runs(own_client: Client) -> None:
    blocks = BLOCK.findall((TOP / "docs/versions.md").read_text(encoding="utf-8"))
    assert any("idempotency_key" in block for block in blocks)
    names: dict[str, Any] = {
        "Client": Client,
        "F": F,
        "PatientCreate": PatientCreate,
        "PatientUpdate": PatientUpdate,
        "client": own_client,
    }
    for block in blocks:
        exec(block, names)  # noqa: S102 - a page of ours
    assert [version.verb for version in own_client.patients.history("4711")] == ["create", "update"]
    assert (names["patient"], names["study"]) == ("patient/BB00017", "imagingstudy/BB00017/001")
