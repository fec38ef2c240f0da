"""A browser that looks at the query page of a server with data of its own."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from vxdata.schemas.create import DataSourceCreate, VolumeCreate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

    from vxdata.sdk import Client
    from vxdata.server.app import Server

ROWS: Final = 600
"""Volumes of the data: more than two pages of the table."""

PATIENCE: Final = 10_000
"""Milliseconds that an expectation may take."""

TYPES: Final = ("T2", "ADC", "DWI")


@dataclass
class Watched:
    """A page, and what must not happen on it.

    Args:
        page: The page.
        url: Address of the server.
        mistakes: What the console has told.
        elsewhere: Requests to other hosts.
    """

    page: Page
    url: str
    mistakes: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Note errors, and requests to other hosts."""
        self.page.on(
            "console", lambda told: self.mistakes.append(told.text) if told.type == "error" else None
        )
        self.page.on("pageerror", lambda error: self.mistakes.append(str(error)))
        self.page.on("request", lambda asked: self._note(asked.url))

    def _note(self, url: str) -> None:
        if not url.startswith((self.url, "data:", "blob:")):
            self.elsewhere.append(url)


@pytest.fixture(scope="module")
def source(client: Client) -> str:
    """Identifier of a data source whose volumes the tests look at."""
    word = secrets.token_hex(6)
    source = client.data_sources.create(DataSourceCreate(identifier=word, license="CC BY 4.0")).identifier
    client.volumes.create(
        [
            VolumeCreate(
                identifier=f"{word}-{number:04}",
                parent_identifier=source,
                license="CC BY 4.0",
                volume_type=TYPES[number % len(TYPES)],
                modality="MR",
                slice_thickness=number % 8 or None,
                series_number=number,
                series_description=f'="{number}", {word}',
            )
            for number in range(ROWS)
        ]
    )
    return source


@pytest.fixture
def make_page(browser: Browser, server: Server) -> Iterator[Callable[..., Page]]:
    """Opens the page with a fragment; when the test ends, the console must be without errors."""
    expect.set_options(timeout=PATIENCE)
    contexts = []
    watched: list[Watched] = []

    def make(fragment: str = "", scheme: str = "light", width: int = 1280) -> Page:
        context = browser.new_context(
            color_scheme="dark" if scheme == "dark" else "light",
            viewport={"width": width, "height": 800},
            permissions=["clipboard-read", "clipboard-write"],
            accept_downloads=True,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        each = Watched(page, server.http_url)
        each.watch()
        watched.append(each)
        page.goto(f"{server.http_url}/query{fragment}")
        return page

    yield make
    for context in contexts:
        context.close()
    for each in watched:
        assert each.elsewhere == []
        # The browser tells of each refused request; the tests of mistakes make some.
        assert [told for told in each.mistakes if "status of 400" not in told] == []


@pytest.fixture
def page(make_page: Callable[..., Page], source: str) -> Page:
    """The page, at the volumes of the data source."""
    where = {"op": "==", "field": "datasource_id", "value": source}
    page = make_page(fragment_of({"version": 2, "relation": "volume", "where": where}))
    expect(page.get_by_label("In Python")).to_have_value(f"F.datasource_id == '{source}'")
    expect(page.get_by_text(f"{ROWS} rows", exact=True)).to_be_visible()
    return page


def fragment_of(plan: dict[str, Any]) -> str:
    """The fragment of an address that opens the page with a plan."""
    return "#s=" + quote(json.dumps({"plan": plan}))
