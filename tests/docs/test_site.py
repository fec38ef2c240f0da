"""The site of the documentation is built strictly, is complete, and asks no other host for anything."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest

import vxdata.sdk
from tools.tree import TOP

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("mkdocs", reason="the tools for the site are not among the lowest versions")

DOCS = TOP / "docs"
PAGES = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")} - {"decisions/0000-template.md"}

LOADING = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "video": "src"}
"""Tags for which a browser fetches something, and the attribute that says what."""

ELSEWHERE = re.compile(r"""(?:url\(|@import|import\(|fetch\(|\.src\s*=)\s*["']?(?:https?:)?//[^)"'\s]+""")
"""Style sheets and scripts that fetch from another host."""


class Page(HTMLParser):
    """What a page loads, where it leads, and the places in it that can be led to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.places: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if found.get("id"):
            self.places.add(str(found["id"]))
        if tag in LOADING and found.get("rel") not in {"canonical", "prev", "next"}:
            self.loads.append(found.get(LOADING[tag]) or "")
        if tag == "a" and found.get("href"):
            self.links.append(str(found["href"]))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as the Makefile does, in a place of its own and without a network."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:1")
    done = subprocess.run(
        command, cwd=TOP, env=os.environ | nowhere, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in sorted(site.rglob("*.html"))}


def test_every_page_can_be_reached_from_every_page(site: Path, pages: dict[Path, Page]) -> None:
    first = pages[site / "index.html"]
    reached = {(site / urlsplit(link).path).resolve() for link in first.links if not urlsplit(link).scheme}
    wanted = {site / re.sub(r"(README|index)?\.md$", "", page) for page in PAGES}
    assert wanted - reached == set()


def test_every_link_leads_somewhere(site: Path, pages: dict[Path, Page]) -> None:
    broken = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or path.name == "404.html":
                continue
            target = path if not parts.path else (path.parent / unquote(parts.path)).resolve()
            target = target / "index.html" if target.is_dir() else target
            place = unquote(parts.fragment)
            if target not in pages or (place and place not in pages[target].places):
                broken.append(f"{path.relative_to(site)}: {link}")
    assert broken == []


def test_nothing_comes_from_another_host(site: Path, pages: dict[Path, Page]) -> None:
    loads = {load for page in pages.values() for load in page.loads}
    assert {load for load in loads if urlsplit(load).netloc} == set()
    for path in [*site.rglob("*.css"), *site.rglob("*.js")]:
        assert ELSEWHERE.findall(path.read_text(encoding="utf-8")) == [], path


def test_the_reference_holds_all_that_the_sdk_offers(site: Path) -> None:
    """Errors stand in the table of errors."""
    text = "".join(path.read_text(encoding="utf-8") for path in (site / "reference").rglob("*.html"))
    errors = (DOCS / "errors.md").read_text(encoding="utf-8")
    offered = [name for name in vxdata.sdk.__all__ if f"`{name}`" not in errors and name not in {"C", "F"}]
    assert [name for name in offered if f'id="vxdata.sdk.{name}"' not in text] == []
    assert 'id="vxdata.sdk.Query.collect"' in text
