"""Fixtures of this folder: resources to query."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest

from vxdata.schemas.create import DataSourceCreate

if TYPE_CHECKING:
    from vxdata.sdk import Client


@pytest.fixture(scope="module")
def root(client: Client) -> str:
    """Identifier of a live data source of this test module alone."""
    resource = DataSourceCreate(identifier=f"root-{secrets.token_hex(6)}", license="CC BY 4.0")
    return client.data_sources.create(resource).identifier
