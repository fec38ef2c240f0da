"""Passwords in the URIs of catalogs and databases: no log, no answer and no command tells them."""

from __future__ import annotations

import json
import sys
from functools import partial
from typing import TYPE_CHECKING, Final

import httpx
import pytest
import structlog
from pydantic import SecretStr

from tests.server.database.test_connect_failures import MALFORMED, MISREAD, UNREADABLE
from vxdata.cli.app import app
from vxdata.cli.commands import catalog
from vxdata.schemas.errors import InvalidCatalog, ServerUnavailable
from vxdata.sdk import Client
from vxdata.server.app import Server
from vxdata.server.catalog_settings import CatalogSettings
from vxdata.server.config import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

READABLE: Final = [uri for uri in MALFORMED if uri.isprintable()]
"""Those that settings, the environment and arguments can hold."""


def test_nothing_that_a_server_says_of_its_catalogs(capfd: pytest.CaptureFixture[str]) -> None:
    uris = {f"c{number}": uri for number, uri in enumerate(MISREAD)}
    settings = Settings(
        port=0,
        http_port=0,
        catalogs={name: CatalogSettings(uri=SecretStr(uri)) for name, uri in uris.items()},
    )
    said = [repr(settings)]
    with structlog.testing.capture_logs() as logs, Server(settings) as server:
        with httpx.Client(base_url=server.http_url, trust_env=False) as http:
            said += [http.get("/readyz").text, *(http.get(f"/{name}/columns/").text for name in uris)]
        with Client(server.flight_url, retry_seconds=0) as client:
            for ask in (client.health, partial(client.catalog, "c0")):
                with pytest.raises(ServerUnavailable) as caught:
                    ask()
                said += [repr(caught.value), repr(caught.value.details)]
        catalog.list_(server.flight_url)
        with pytest.raises(ServerUnavailable) as caught:
            catalog.refresh("c1", server.flight_url)
        said.append(repr(caught.value))
    not_read = {line["catalog"] for line in logs if line["event"] == "catalog_not_read"}
    assert not_read == set(uris)
    shown = capfd.readouterr()
    assert "c0: cannot be read at present" in shown.err
    assert "sekret" not in "".join((*said, str(logs), shown.out, shown.err))


def test_nothing_that_is_said_of_catalogs_whose_uris_cannot_be_read() -> None:
    uris = {f"c{number}": uri for number, uri in enumerate(UNREADABLE)}
    catalogs = {name: CatalogSettings(uri=SecretStr(uri)) for name, uri in uris.items()}
    with structlog.testing.capture_logs() as logs, pytest.raises(InvalidCatalog) as caught:
        Server(Settings(port=0, http_port=0, catalogs=catalogs))
    assert set(caught.value.details["catalogs"]) == set(uris)
    assert "The URI of the catalog c0 cannot be read: " in caught.value.message
    assert "sekret" not in f"{caught.value!r} {caught.value.details} {logs}"


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a command that fails before it sets up logs, and returns all that it has said."""

    def run(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["vxdata", *arguments])
        with pytest.raises(SystemExit) as ended:
            app()
        assert ended.value.code in (1, 2)
        shown = capfd.readouterr()
        return shown.out + shown.err

    return run


@pytest.mark.parametrize("uri", READABLE, ids=ascii)
def test_nothing_that_a_command_says_of_its_database(failing: Callable[..., str], uri: str) -> None:
    shown = failing("db", "upgrade", "--database-uri", uri)
    assert shown.startswith("ServerUnavailable: The database cannot be reached. ")
    assert "sekret" not in shown


def test_nothing_that_is_said_of_settings_of_another_form(
    failing: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = "postgresql://u:sekret@h/db"
    for catalogs in (
        uri,
        json.dumps(uri),
        json.dumps({"one": uri}),
        json.dumps({"one": {"url": uri}}),
        json.dumps({uri: {"uri": uri}}),
        json.dumps({"one": {"uri": [uri]}}),
    ):
        monkeypatch.setenv("VXDATA_CATALOGS", catalogs)
        shown = failing("catalog", "indexes", "one")
        assert "VXDATA_CATALOGS" in shown or '"catalogs"' in shown
        assert "sekret" not in shown
    monkeypatch.delenv("VXDATA_CATALOGS")
    for option in (uri, f"{uri}=one", f"One={uri}", f"={uri}", f"one:{uri}"):
        assert "sekret" not in failing("catalog", "indexes", "one", "--catalog", option)
