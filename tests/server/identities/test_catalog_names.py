"""Names of catalogs: who does not see one cannot tell it from one that there is not."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.server.audit.support import files
from tests.server.identities.code_doors import CATALOG, http_doors
from tests.server.support import until
from vxdata.schemas.identity import EVERYTHING, Grants, Role
from vxdata.server.identities.token_store import TokenStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.server.app import Server
    from vxdata.server.database.pool import ConnectionPool

NONE = "xyz"
"""A name of no catalog, as long as that of the catalog."""

GRANTS = {
    "sees all": EVERYTHING,
    "sees it": Grants(catalogs={CATALOG: None}),
    "sees another one": Grants(catalogs={"other": None}),
    "sees none": Grants(catalogs={}),
    f"tries {CATALOG}": Grants(catalogs={}),
    f"tries {NONE}": Grants(catalogs={}),
}


@pytest.fixture(scope="module")
def tokens(guarded: Server, database: ConnectionPool) -> dict[str, str]:
    store = TokenStore(database)
    made = {
        name: store.create(f"names-{number}", Role.READER, grants).get_secret_value()
        for number, (name, grants) in enumerate(GRANTS.items())
    }
    with httpx.Client(base_url=guarded.http_url, trust_env=False) as client:
        for token in made.values():
            header = {"Authorization": f"Bearer {token}"}
            until(partial(_is_known, client, header), "the token is known")
    return made


def _is_known(client: httpx.Client, header: dict[str, str]) -> bool:
    return client.get("/v1/types", headers=header).status_code == 200


@pytest.fixture
def http(guarded: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=guarded.http_url, trust_env=False, timeout=60) as client:
        yield client


def paths(server: Server) -> list[tuple[str, str]]:
    """Methods and paths below the name of a catalog: all that there are, and some that there are not."""
    doors = [door.partition(" ") for door in http_doors(server) if door.partition(" ")[2].startswith("/{")]
    there = {(method, path.replace("/{catalog}", "").replace("{column}", "sex")) for method, _, path in doors}
    assert len(there) > 10
    more = {("GET", "/"), ("POST", ""), ("DELETE", "/"), ("GET", "/data/subject"), ("PUT", "/docs")}
    strange = {("GET", "/static/swagger-ui.css"), ("GET", "/%2e%2e/livez"), ("GET", "//"), ("GET", "/no")}
    strange |= {("POST", "/data/subject?limit=x"), ("OPTIONS", "/docs"), ("HEAD", "/openapi.json")}
    return sorted(there | more | strange)


def shown(answer: httpx.Response, name: str) -> tuple[Any, ...]:
    """All that an answer tells, with one word for the name that was asked for."""
    headers = {key: value for key, value in answer.headers.items() if key != "date"}
    body = answer.text
    if "request_id" in body and answer.headers["content-type"] == "application/json":
        body = str(answer.json() | {"request_id": ""})
        headers.pop("content-length")
    return answer.status_code, str(headers).replace(name, "NAME"), body.replace(name, "NAME")


@pytest.mark.parametrize("accept", ["*/*", "text/html"])
@pytest.mark.parametrize("who", [None, "wrong", "sees another one", "sees none"])
def test_it_is_as_if_it_were_not_there(
    who: str | None, accept: str, guarded: Server, http: httpx.Client, tokens: dict[str, str]
) -> None:
    headers = {"Accept": accept}
    if who is not None:
        headers["Authorization"] = f"Bearer {tokens.get(who, who)}"
    for method, path in paths(guarded):
        found, absent = (
            shown(http.request(method, f"/{name}{path}", headers=headers), name) for name in (CATALOG, NONE)
        )
        assert found == absent, (method, path)
        assert found[0] == (401 if who in {None, "wrong"} else 404), (method, path)


@pytest.mark.parametrize("who", ["sees all", "sees it"])
def test_who_sees_it_finds_all_of_it(who: str, http: httpx.Client, tokens: dict[str, str]) -> None:
    headers = {"Authorization": f"Bearer {tokens[who]}"}
    for path in ("/openapi.json", "/docs", "/redoc", "/static/swagger-ui.css", "/columns", "/columns/"):
        assert http.get(f"/{CATALOG}{path}", headers=headers).status_code == 200, path
    bare = http.get(f"/{CATALOG}", headers=headers)
    assert (bare.status_code, bare.headers["location"]) == (307, f"{CATALOG}/")
    stated = http.get(f"/{CATALOG}?a=%20b&c", headers=headers)
    assert stated.headers["location"] == f"{CATALOG}/?a=%20b&c"
    assert http.post(f"/{CATALOG}/data/subject", headers=headers, content=b"{}").status_code == 200


def test_a_browser_reads_the_pages_with_its_session(http: httpx.Client, tokens: dict[str, str]) -> None:
    asked = http.get(f"/{CATALOG}/docs", headers={"Accept": "text/html"})
    assert (asked.status_code, asked.headers["www-authenticate"]) == (401, "Bearer")
    assert '<a href="../query">' in asked.text
    http.post("/v1/session", json={"token": tokens["sees it"]}).raise_for_status()
    assert "swagger" in http.get(f"/{CATALOG}/docs", headers={"Accept": "text/html"}).text


@pytest.mark.parametrize("name", [CATALOG, NONE])
def test_who_tries_names_leaves_a_record(
    name: str, guarded: Server, http: httpx.Client, tokens: dict[str, str]
) -> None:
    who = f"tries {name}"  # no other test: of each principal the first refusals alone have records
    headers = {"Authorization": f"Bearer {tokens[who]}"}
    principal = f"names-{list(GRANTS).index(who)}"

    def codes() -> list[str]:
        assert guarded.audit is not None
        assert guarded.audit.flush()
        folder = guarded.audit.folder
        lines = (json.loads(line) for file in files(folder) for line in file.read_bytes().splitlines())
        return [
            line["code"]
            for line in lines
            if line.get("principal") == principal and line["door"] == "GET /{catalog}"
        ]

    assert http.post(f"/{name}/data/subject", headers=headers, content=b"{}").status_code == 404
    until(codes, "there is a record")
    assert codes() == ["UNKNOWN_CATALOG"]
