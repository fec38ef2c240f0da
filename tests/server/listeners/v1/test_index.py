"""What `/v1` itself answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import httpx

    from vxdata.server.app import Server


@pytest.mark.parametrize("slash", ["", "/"])
def test_every_path_is_listed_with_its_address(http: httpx.Client, server: Server, slash: str) -> None:
    found = http.get(f"{server.http_url}/v1{slash}")
    assert found.status_code == 200
    index = found.json()
    listed = {(path["method"], path["path"]): path for path in index["paths"]}
    document = http.get(index["document"]).json()
    assert set(listed) == {
        (method.upper(), f"/v1{path}") for path, methods in document["paths"].items() for method in methods
    }
    assert all(path["summary"].endswith(".") for path in index["paths"])
    assert listed["GET", "/v1/types"]["url"] == f"{server.http_url}/v1/types"
    assert "url" not in listed["POST", "/v1/count"]
    assert "url" not in listed["GET", "/v1/resources/{identifier}"]
    addresses = [path["url"] for path in index["paths"] if "url" in path]
    asked = {address: http.get(address) for address in (*addresses, index["pages"])}
    assert {url: answer.status_code for url, answer in asked.items() if not answer.is_success} == {
        f"{server.http_url}/v1/query": 400  # nothing is asked
    }


def test_addresses_are_those_of_the_proxy(http: httpx.Client, server: Server) -> None:
    found = http.get(f"{server.http_url}/v1", headers={"Host": "localhost:99"}).json()
    assert found["document"] == "http://localhost:99/v1/openapi.json"


@pytest.mark.parametrize(("method", "path"), [("POST", "/v1"), ("PUT", "/v1/")])
def test_nothing_can_be_sent_to_it(http: httpx.Client, server: Server, method: str, path: str) -> None:
    found = http.request(method, f"{server.http_url}{path}")
    assert (found.status_code, found.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
