"""HTTP behind a proxy: which address clients go on with, and who is believed to be whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from pydantic import ValidationError

from vxdata.server.app import Server
from vxdata.server.catalog_settings import CatalogSettings
from vxdata.server.config import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import SecretStr

    from vxdata.server.listeners.boundary import Outcome

FORWARDED = {
    "X-Forwarded-Proto": "https",
    "X-Forwarded-For": "192.0.2.7",
    "X-Forwarded-Host": "evil.example.org",
}
QUESTION = "cda/data/subject?limit=1"


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    """Outcomes of all calls of `behind`."""
    return []


@pytest.fixture(scope="module")
def behind(example_uri: SecretStr, outcomes: list[Outcome]) -> Iterator[Server]:
    """A server that a proxy on this machine offers below a path."""
    catalogs = {"cda": CatalogSettings(uri=example_uri, schema_name="cda")}
    settings = Settings(
        port=0,
        http_port=0,
        catalogs=catalogs,
        grace=5,
        http_proxies=("127.0.0.0/8",),
        http_root_path="/api/v2",
        http_hosts=("data.example.org",),
    )
    with Server(settings, observers=[outcomes.append]) as server:
        yield server


def ask(server: Server, host: str = "data.example.org") -> Any:
    headers = FORWARDED | {"Host": host}
    return httpx.post(f"{server.http_url}/{QUESTION}", json={}, headers=headers, trust_env=False).json()


def test_the_next_page_lies_behind_the_proxy(behind: Server) -> None:
    wanted = "https://data.example.org/api/v2/cda/data/subject?limit=1&offset=1"
    assert ask(behind)["next_url"] == wanted


def test_callers_are_those_that_the_proxy_names(behind: Server, outcomes: list[Outcome]) -> None:
    ask(behind)
    assert outcomes[-1].call.peer.startswith("ipv4:192.0.2.7:")


def test_everything_else_answers_too(behind: Server) -> None:
    with httpx.Client(base_url=behind.http_url, trust_env=False) as client:
        assert client.get("/livez").status_code == client.get("/readyz").status_code == 200
        document = client.get("/cda/openapi.json").json()
        assert document["servers"] == [{"url": "/api/v2/cda"}]
        assert "swagger" in client.get("/cda/docs").text
        assert client.get("/cda/nothing").status_code == 404


def test_nobody_is_believed_by_default(cda_server: Server) -> None:
    answer = ask(cda_server, "localhost")
    assert answer["next_url"] == "http://localhost/cda/data/subject?limit=1&offset=1"


def test_a_variable_of_uvicorn_opens_nothing(example_uri: SecretStr, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    outcomes: list[Outcome] = []
    catalogs = {"cda": CatalogSettings(uri=example_uri, schema_name="cda")}
    settings = Settings(
        port=0, http_port=0, catalogs=catalogs, http_proxies=("10.0.0.0/8",), http_hosts=("*",)
    )
    with Server(settings, observers=[outcomes.append]) as server:
        assert ask(server)["next_url"].startswith("http://")
    assert outcomes[-1].call.peer.startswith("ipv4:127.0.0.1:")


@pytest.mark.parametrize(
    "wrong",
    [
        {"http_proxies": ["proxy.example.org"]},
        {"http_proxies": ["*"]},
        {"http_proxies": ["10.0.0.1/8"]},
        {"http_root_path": "api"},
        {"http_root_path": "/api/"},
        {"http_root_path": "/a?b"},
        {"http_root_path": "/a\n"},
    ],
)
def test_settings_that_are_wrong(wrong: Any) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        Settings(**wrong)
