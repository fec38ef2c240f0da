"""The query page by keyboard alone: few Tab stops, and arrow keys within them, in a browser."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from vxdata.schemas.create import DataSourceCreate, VolumeCreate

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.fixtures.browser import QueryPage
    from vxdata.sdk import Client

ROWS = 120
"""Volumes, in the order of their identifiers: more than are in sight."""


@pytest.fixture(scope="module")
def plan(client: Client) -> dict[str, Any]:
    """A query for those volumes."""
    key = secrets.token_hex(6)
    source = client.data_sources.create(DataSourceCreate(identifier=key, license="CC0")).identifier
    volumes = [
        VolumeCreate(
            identifier=f"{key}-{number:03}",
            parent_identifier=source,
            license="CC0",
            volume_type="T2" if number % 2 else "ADC",
            series_number=number,
        )
        for number in range(ROWS)
    ]
    client.volumes.create(volumes)
    where = {"op": "==", "field": "datasource_id", "value": source}
    return {
        "version": 2,
        "relation": "volume",
        "where": where,
        "order_by": [{"field": "series_number"}],
        "select": ["identifier", "series_number", "volume_type"],
    }


def _press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def _stops(box: Locator) -> int:
    return box.locator("[tabindex='0']").count()


def test_the_table_is_one_tab_stop(query_page: QueryPage, plan: dict[str, Any]) -> None:
    page = query_page.show(plan=plan)
    grid = page.get_by_role("grid", name="Rows")
    expect(grid.get_by_role("row").nth(1)).to_contain_text("-000")
    page.get_by_text(re.compile("^Columns:")).focus()
    _press(page, "Tab")
    expect(grid.get_by_role("columnheader", name="identifier")).to_be_focused()
    assert _stops(grid) == 1
    _press(page, "ArrowRight")
    expect(grid.get_by_role("columnheader", name="series number")).to_be_focused()
    _press(page, "End")
    expect(grid.get_by_role("columnheader", name="volume type")).to_be_focused()
    _press(page, "Home", "ArrowRight", "Enter")
    number = grid.get_by_role("columnheader", name="series number")
    expect(number).to_have_attribute("aria-sort", "descending")
    expect(grid.get_by_role("row").nth(1)).to_contain_text(f"-{ROWS - 1}")
    expect(number).to_be_focused()
    _press(page, "ArrowDown")
    expect(grid.get_by_role("gridcell", name=str(ROWS - 1), exact=True)).to_be_focused()
    assert _stops(grid) == 1


def test_arrow_keys_reach_all_rows(query_page: QueryPage, plan: dict[str, Any]) -> None:
    page = query_page.show(plan=plan)
    grid = page.get_by_role("grid", name="Rows")
    expect(grid.get_by_role("row").nth(1)).to_contain_text("-000")
    grid.get_by_role("columnheader", name="series number").focus()
    _press(page, "Control+End")
    last = grid.get_by_role("row").filter(has_text=f"-{ROWS - 1}")
    expect(last.get_by_role("gridcell").last).to_be_focused()
    expect(last).to_have_attribute("aria-rowindex", str(ROWS + 1))
    _press(page, "Home", "PageUp", "ArrowUp")
    focused = page.evaluate("document.activeElement.textContent")
    assert re.search(r"-0\d\d$", focused)
    # What has the focus keeps it, wherever the table is scrolled to.
    page.get_by_role("region", name="Rows").evaluate("box => { box.scrollTop = 0 }")
    expect(grid.get_by_role("row").nth(1)).to_contain_text("-000")
    assert page.evaluate("document.activeElement.textContent") == focused
    _press(page, "Control+Home", "ArrowDown", "Enter")
    drawer = page.get_by_role("complementary", name=re.compile("^Resource .*-000$"))
    expect(drawer).to_be_visible()
    _press(page, "Escape")
    expect(grid.get_by_role("button", name=re.compile("-000$"))).to_be_focused()
    _press(page, "ArrowDown")
    expect(grid.get_by_role("row").nth(2).get_by_role("gridcell").first).to_be_focused()


def test_the_fields_are_one_tab_stop(query_page: QueryPage, plan: dict[str, Any]) -> None:
    page = query_page.show(plan=plan)
    fields = page.get_by_role("group", name="Fields", exact=True)
    page.get_by_label("Find a field").fill("volume type")
    value = fields.get_by_role("button", name=f"Only volume type ADC, {ROWS // 2} rows")
    expect(value).to_be_visible()
    _press(page, "Tab")
    expect(fields.get_by_role("button", name="Filter by volume type")).to_be_focused()
    _press(page, "ArrowRight")
    expect(value).to_be_focused()
    _press(page, "Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    page.get_by_label("Find a field").fill("")
    expect(fields.get_by_role("button", name="Filter by identifier", exact=True)).to_be_visible()
    assert _stops(fields) == 1
    fields.locator("[tabindex='0']").focus()
    _press(page, "Home")
    first = fields.get_by_role("button", name=re.compile("^Filter by")).first
    expect(first).to_be_focused()
    _press(page, "ArrowDown")
    expect(fields.get_by_role("button", name=re.compile("^Filter by")).nth(1)).to_be_focused()
    _press(page, "End")
    expect(fields.get_by_role("button", name=re.compile("^Filter by")).last).to_be_focused()


@pytest.mark.parametrize(
    ("view", "place", "first", "second"),
    [
        ("time", "Table of commits", "Show as of version", "Compare with version"),
        ("plots", "rows by volume type", "Only volume type", "Only volume type"),
    ],
)
def test_tables_of_buttons_are_one_tab_stop(
    query_page: QueryPage, plan: dict[str, Any], view: str, place: str, first: str, second: str
) -> None:
    plot = {"kind": "bars", "x": "volume_type", "y": ""}
    page = query_page.show(plan=plan, view=view, plot=plot)
    table = page.get_by_role("region", name=place)
    expect(table.get_by_role("button").first).to_be_visible()
    table.focus()
    _press(page, "Tab")
    expect(table.get_by_role("button", name=re.compile(f"^{first}")).first).to_be_focused()
    _press(page, "ArrowRight" if first != second else "ArrowDown")
    expect(table.get_by_role("button").nth(1)).to_be_focused()
    _press(page, "Tab")
    assert not page.evaluate("document.activeElement.closest('table') !== null")
