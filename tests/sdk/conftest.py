"""Fixtures of this folder: resources to query, and a client without a server."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest

from vxdata.schemas.create import DataSourceCreate
from vxdata.sdk import Client, MemoryTransport

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NoReturn


@pytest.fixture
def alone() -> Iterator[Client]:
    """A client without a server, for what happens before any call: a test fails if it asks anything."""
    asked: list[tuple[object, ...]] = []

    def refuse(*call: object) -> NoReturn:
        asked.append(call)
        pytest.fail("The server would have been asked.")

    with Client(transport=MemoryTransport(read=refuse, write=refuse, act=refuse)) as client:
        yield client
    assert asked == []


@pytest.fixture(scope="module")
def root(client: Client) -> str:
    """Identifier of a live data source of this test module alone."""
    resource = DataSourceCreate(identifier=f"root-{secrets.token_hex(6)}", license="CC BY 4.0")
    return client.data_sources.create(resource).identifier
