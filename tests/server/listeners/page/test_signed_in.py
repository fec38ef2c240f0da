"""All parts of the page for those who have signed in: behind a link, and when a session ends amid work."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import httpx
import polars as pl
import pytest
from playwright.sync_api import expect

from tests.server.support import until
from vxdata.schemas.create import DataSourceCreate, VolumeCreate
from vxdata.schemas.identity import Role
from vxdata.schemas.update import VolumeUpdate
from vxdata.sdk import Client

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Locator, Page, Route

    from tests.fixtures.asking import Tokens
    from tests.fixtures.browser import QueryPage
    from vxdata.server.app import Server

    Act = Callable[[Page], None]
    Find = Callable[[Page], Locator]

ROWS: Final = 3
FIRST: Final = "volume/signed-in-0"
CONTENT: Final = b"what the file holds"


@dataclass(frozen=True)
class Part:
    """A part of the page.

    Args:
        shows: What it shows of the data.
        ask: What a user does there that asks the server for more.
        state: What a link to it holds, beside the query.
    """

    shows: Find
    ask: Act
    state: dict[str, Any] = field(default_factory=dict)


def region(name: str, text: str) -> Find:
    return lambda page: page.get_by_role("region", name=name).filter(has_text=re.compile(text)).first


def press(name: str | re.Pattern[str]) -> Act:
    return lambda page: page.get_by_role("button", name=name, exact=True).first.click()


def choose(label: str, option: str) -> Act:
    def act(page: Page) -> None:
        page.get_by_role("combobox", name=label, exact=True).select_option(option)

    return act


PARTS: Final = {
    "types": Part(
        lambda page: page.get_by_label("Type", exact=True).filter(has_text="Patient"),
        choose("Type", "patient"),
    ),
    "fields": Part(
        lambda page: page.get_by_role("button", name="Only volume type T2, 2 rows"),
        press("Only volume type T2, 2 rows"),
    ),
    "rows": Part(region("Rows", "volume/signed-in-2"), press("identifier")),
    "plots": Part(
        region("rows by volume type", "T2"), choose("Group by", "modality"), state={"view": "plots"}
    ),
    "time": Part(
        region("Table of commits", "update"),
        press(re.compile("^Compare with version")),
        state={"view": "time"},
    ),
    "resource": Part(
        region("History", "slice thickness"), press("datasource/signed-in"), state={"resource": FIRST}
    ),
    "image": Part(region("Files", "volume.nii.gz"), press("Show volume.nii.gz"), state={"resource": FIRST}),
    "export": Part(region("curl", "oauth2-bearer"), press("Download CSV"), state={"view": "export"}),
}
"""Name -> the part."""


@pytest.fixture(scope="module")
def source(client: Client, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A data source with three volumes, the first of them changed, and with a file."""
    source = client.data_sources.create(
        DataSourceCreate(identifier="signed-in", license="CC BY 4.0")
    ).identifier
    path: Path = tmp_path_factory.mktemp("files") / "volume.nii.gz"
    path.write_bytes(gzip.compress(CONTENT))
    client.volumes.create(
        VolumeCreate(
            identifier=f"signed-in-{number}",
            parent_identifier=source,
            license="CC BY 4.0",
            volume_type=("T2", "T2", "ADC")[number],
            series_date=date(2020, 1 + number, 1),
            path_nii=path if number == 0 else None,
        )
        for number in range(ROWS)
    )
    client.volumes.update("signed-in-0", VolumeUpdate(slice_thickness=3.5))
    return source


@pytest.fixture
def query_page(open_query_page: Callable[[Server], QueryPage], asking_server: Server) -> QueryPage:
    return open_query_page(asking_server)


def opened(query_page: QueryPage, source: str, **state: Any) -> Page:
    """Open a link to the volumes of the source."""
    where = {"op": "==", "field": "datasource_id", "value": source}
    return query_page.show(plan={"version": 2, "relation": "volume", "where": where}, **state)


def dialog_of(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Sign in")


def sign_in(page: Page, token: str) -> None:
    dialog_of(page).get_by_label("Token").fill(token)
    page.keyboard.press("Enter")
    expect(dialog_of(page)).to_have_count(0)


@pytest.mark.parametrize("part", PARTS.values(), ids=list(PARTS))
def test_a_session_may_end_amid_work(
    query_page: QueryPage, asking_server: Server, tokens: Tokens, source: str, part: Part
) -> None:
    page = opened(query_page, source, **part.state)
    expect(dialog_of(page)).to_be_visible()
    expect(part.shows(page)).to_have_count(0)
    name, token = tokens.take()
    sign_in(page, token)
    expect(part.shows(page)).to_be_visible()
    held: list[Route] = []
    page.route("**/v1/**", lambda route: held.append(route))  # noqa: PLW0108 - playwright marks it
    with page.expect_request("**/v1/**"):
        part.ask(page)
    cookies = {str(each["name"]): str(each["value"]) for each in page.context.cookies()}
    tokens.store.revoke(name)
    session = f"{asking_server.http_url}/v1/session"
    until(lambda: httpx.get(session, cookies=cookies).status_code == 401, "the server has heard of it")
    address = page.url
    page.unroute("**/v1/**")  # sends what was held
    expect(dialog_of(page)).to_be_visible()
    expect(part.shows(page)).to_have_count(0)
    sign_in(page, tokens.take(Role.WRITER)[1])
    expect(page).to_have_url(address)
    expect(page.get_by_role("navigation", name="Views")).to_be_visible()


def test_rows_are_downloaded_by_who_has_signed_in(
    query_page: QueryPage, tokens: Tokens, source: str, tmp_path: Path
) -> None:
    page = opened(query_page, source, view="export")
    sign_in(page, tokens.take()[1])
    with page.expect_download() as started:
        page.get_by_role("button", name="Download Parquet").click()
    started.value.save_as(tmp_path / "rows.parquet")
    assert pl.read_parquet(tmp_path / "rows.parquet").height == ROWS


def test_a_file_is_downloaded_by_who_has_signed_in(
    query_page: QueryPage, tokens: Tokens, source: str
) -> None:
    page = opened(query_page, source, resource=FIRST)
    sign_in(page, tokens.take()[1])
    link = page.get_by_role("region", name="Files").get_by_role("link", name="Download volume.nii.gz")
    assert gzip.decompress(httpx.get(link.get_attribute("href") or "").content) == CONTENT


def test_history_and_commits_name_who_wrote(
    query_page: QueryPage, asking_server: Server, tokens: Tokens, source: str
) -> None:
    name, token = tokens.take(Role.WRITER)
    with Client(asking_server.flight_url, token=token) as writer:
        written = writer.volumes.update("signed-in-1", VolumeUpdate(slice_thickness=2.5))
    page = opened(query_page, source, view="time", resource="volume/signed-in-1")
    sign_in(page, token)
    expect(page.get_by_role("region", name="History").get_by_role("listitem").first).to_contain_text(
        f"by {name}; the client said sdk: "
    )
    row = page.get_by_role("region", name="Table of commits").get_by_role("row", name=f"{written.version:,}")
    expect(row.first).to_contain_text(name)


def test_links_open_after_signing_in(query_page: QueryPage, tokens: Tokens, source: str) -> None:
    page = opened(query_page, source, view="export")
    sign_in(page, tokens.take()[1])
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the pinned link").click()
    expect(page.get_by_text("Copied")).to_be_visible()
    pinned = page.evaluate("navigator.clipboard.readText()")
    page.context.clear_cookies()
    page.goto("about:blank")
    page.goto(pinned)
    sign_in(page, tokens.take()[1])
    expect(page.get_by_role("banner")).to_contain_text("As of")
    page.get_by_role("navigation", name="Views").get_by_role("button", name="Results").click()
    expect(page.get_by_text(f"{ROWS} rows", exact=True)).to_be_visible()
