"""The files of the query page, as a browser gets them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx
import pytest

from vxdata.server.listeners.http.page.app import STATIC

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.server.app import Server

NAMED = re.compile(r'(?:src|href)="([^"]+)"')


@pytest.fixture(scope="module")
def http(server: Server) -> Iterator[httpx.Client]:
    """A client of the HTTP listener; it follows no redirects."""
    with httpx.Client(base_url=server.http_url, trust_env=False, timeout=60) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "leads_to"), [("/", "/query"), ("/query/", "/query"), ("/?a=%20b&c", "/query?a=%20b&c")]
)
def test_leads_to_the_page(http: httpx.Client, path: str, leads_to: str) -> None:
    response = http.get(path)
    assert response.is_redirect
    assert response.url.join(response.headers["location"]).raw_path.decode() == leads_to


def test_the_document_names_files_that_are_there(http: httpx.Client) -> None:
    document = http.get("/query")
    assert document.headers["content-type"].startswith("text/html")
    names = NAMED.findall(document.text)
    assert names
    for name in names:
        assert http.get(document.url.join(name)).status_code == 200, name


def test_no_script_and_no_style_stands_in_the_document() -> None:
    document = (STATIC / "index.html").read_text()
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon[a-z]+=", document) == []


@pytest.mark.parametrize("path", ["/query", "/query/static/main.js", "/query/static/missing.js"])
def test_headers_confine_the_page(http: httpx.Client, path: str) -> None:
    headers = http.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/query", "/query/static/main.js"])
def test_a_file_that_is_known_is_not_sent_again(http: httpx.Client, path: str) -> None:
    first = http.get(path)
    again = http.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["vary"] == first.headers["vary"] == "Accept-Encoding"


def test_files_are_compressed_under_a_weak_name(http: httpx.Client) -> None:
    encoded, plain = (
        http.get("/query/static/vendor/uplot.js", headers={"Accept-Encoding": coding})
        for coding in ("gzip", "identity")
    )
    assert encoded.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert encoded.content == plain.content
    assert encoded.headers["etag"] == plain.headers["etag"]
    assert plain.headers["etag"].startswith('W/"')


@pytest.mark.parametrize("path", ["/query/static/../app.py", "/query/static/%2e%2e/app.py", "/query/other"])
def test_nothing_else_is_served(http: httpx.Client, path: str) -> None:
    assert http.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/query/other", "/query/static/a/b.js", "/query/%3Cscript%3E", "/other"])
def test_what_is_not_there_is_told_as_it_is_asked_for(http: httpx.Client, path: str) -> None:
    data = http.get(path)
    assert data.headers["content-type"] == "application/json"
    assert data.json()["message"]
    page = http.get(
        path, headers={"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    )
    assert page.status_code == data.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["vary"].startswith("Accept")
    assert "There is no such page" in page.text
    assert "<script" not in page.text
    links = [page.url.join(name) for name in NAMED.findall(page.text)]
    assert [link.path for link in links] == ["/query/static/style.css", "/query", "/v1/docs"]
    assert [http.get(link).status_code for link in links] == [200, 200, 200]
