"""The composition root: what a server needs, and what it says when that is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from vxdata.schemas.errors import ServerUnavailable
from vxdata.server.app import Server

if TYPE_CHECKING:
    from vxdata.server.config import Settings


def test_no_database_is_configured(settings: Settings) -> None:
    with pytest.raises(ServerUnavailable, match="set VXDATA_DATABASE_URI"):
        Server(settings.model_copy(update={"database_uri": None}))


def test_a_database_that_cannot_be_reached(settings: Settings) -> None:
    uri = SecretStr("postgresql://user:s3kret@127.0.0.1:1/db")
    with pytest.raises(ServerUnavailable, match="cannot be reached") as caught:
        Server(settings.model_copy(update={"database_uri": uri}))
    assert "s3kret" not in str(caught.value)


def test_a_host_that_is_not_ours(settings: Settings, database_uri: SecretStr) -> None:
    with pytest.raises(OSError, match=r"Cannot assign|Cannot listen|not one of"):
        Server(settings.model_copy(update={"database_uri": database_uri, "host": "192.0.2.1"}))


def test_urls_name_the_ports_that_were_found(settings: Settings, database_uri: SecretStr) -> None:
    with Server(settings.model_copy(update={"database_uri": database_uri})) as server:
        for scheme, url in (("grpc", server.flight_url), ("http", server.http_url)):
            assert url.startswith(f"{scheme}://127.0.0.1:")
            assert int(url.rpartition(":")[2]) > 0
