"""Names that the HTTP listener answers to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from vxdata.server.listeners.http.hosts import answers_to

if TYPE_CHECKING:
    from vxdata.server.app import Server


@pytest.mark.parametrize("path", ["/livez", "/v1/types", "/query", "/nowhere"])
def test_another_name_is_refused_whatever_is_asked(server: Server, path: str) -> None:
    headers = {"Host": "rebound.example.org:80"}
    response = httpx.get(f"{server.http_url}{path}", headers=headers, trust_env=False, timeout=60)
    assert response.status_code == 421
    assert response.json()["details"] == {"host": "rebound.example.org"}
    assert "VXDATA_HTTP_HOSTS" in response.json()["message"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:9", "[::1]", "LOCALHOST:1"])
def test_this_machine_is_answered(server: Server, host: str) -> None:
    response = httpx.get(f"{server.http_url}/livez", headers={"Host": host}, trust_env=False, timeout=60)
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("method", "sent", "status"),
    [
        ("POST", {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example.org"}, 403),
        ("POST", {"Sec-Fetch-Site": "cross-site", "Origin": "null"}, 403),
        ("POST", {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost:3000"}, 200),
        ("POST", {"Sec-Fetch-Site": "same-origin", "Origin": "https://proxy.example.org"}, 200),
        ("POST", {}, 200),
        ("GET", {"Sec-Fetch-Site": "cross-site"}, 200),
    ],
)
def test_a_page_of_another_site_can_link_and_no_more(
    server: Server, method: str, sent: dict[str, str], status: int
) -> None:
    """Browsers say where a request comes from; its body needs no permission if it says to be text."""
    headers = {"Content-Type": "text/plain", **sent}
    url = f"{server.http_url}/v1/{'count' if method == 'POST' else 'catalogs'}"
    content = b'{"type": "volume"}' if method == "POST" else None
    found = httpx.request(method, url, content=content, headers=headers, trust_env=False, timeout=60)
    assert found.status_code == status
    assert status == 200 or found.json()["code"] == "CROSS_SITE_REQUEST"


@pytest.mark.parametrize(
    ("host", "names", "header", "expected"),
    [
        ("192.0.2.1", [], "data.example.org", True),
        ("192.0.2.1", ["data.example.org"], "data.example.org:8080", True),
        ("192.0.2.1", ["data.example.org"], "other.example.org", False),
        ("::1", [], "data.example.org", False),
        ("localhost", [], "", False),
        ("localhost", [], "localhost.example.org", False),
        ("127.0.0.1", ["data.example.org"], "DATA.example.org", True),
    ],
)
def test_what_is_configured_decides(host: str, names: list[str], header: str, expected: bool) -> None:  # noqa: FBT001 - a table
    assert answers_to(host, names)(header) is expected
