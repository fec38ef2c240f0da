"""The table of rows: its columns, its values, and how far it can be scrolled, in a browser."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import pytest
from playwright.sync_api import expect

from vxdata.schemas.create import DataSourceCreate, VolumeCreate

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.fixtures.browser import QueryPage
    from vxdata.sdk import Client

ROWS: Final = 100_000

LONG: Final = "1.3.6.1.4.1.14519.5.2.1.7311.5101.158323547117540061132729905711"
"""What identifiers have in common before they differ."""

LARGE: Final = 2**53 + 1
"""An integer that JavaScript rounds."""

MAX_DRAWN: Final = 100
"""Most rows that may be in the document, however long the table is."""

PLACES: Final = 13
"""Places at which rows are read: together more than a thousand rows, of which the page may keep a part."""

MAX_GROWTH: Final = 6_000_000
"""Most bytes that the page may hold on to after that."""

TO_PLACES: Final = """async ([box, places]) => {
    const frame = () => new Promise((wake) => requestAnimationFrame(wake));
    const rows = () => [...box.querySelectorAll("tr")];
    const drawn = [];
    const end = performance.now() + 20_000;
    for (const place of places) {
        box.scrollTop = place * (box.scrollHeight - box.clientHeight);
        await frame();
        do {
            if (performance.now() > end) throw new Error("rows are not read");
            await frame();
        } while (rows().some((row) => row.lastElementChild?.textContent === "…"));
        drawn.push(rows().length);
    }
    return Math.max(...drawn);
}"""
"""Scrolls to parts of the height, waits for the rows at each, and tells how many were drawn at most."""


@pytest.fixture(scope="module")
def artefacts(client: Client) -> dict[str, Any]:
    """A query for a hundred thousand artefacts, in the order of their identifiers."""
    name = secrets.token_hex(6)
    numbers = pl.int_range(ROWS, eager=True).cast(pl.String).str.zfill(5)
    client.artefacts.create(
        pl.DataFrame({"number": numbers}).select(
            identifier=pl.format("{}-{}", pl.lit(name), "number"), name=pl.lit(name)
        )
    )
    where = {"op": "==", "field": "name", "value": name}
    return {"version": 2, "relation": "artefact", "where": where, "order_by": [{"field": "identifier"}]}


@pytest.fixture(scope="module")
def plan(client: Client) -> dict[str, Any]:
    """A query for three volumes with long identifiers."""
    key = secrets.token_hex(6)
    source = client.data_sources.create(DataSourceCreate(identifier=key, license="CC0")).identifier
    volumes = [
        VolumeCreate(
            identifier=f"{LONG}.{key}.{number}", parent_identifier=source, license="CC0", volume_type="T2"
        )
        for number in range(3)
    ]
    client.volumes.create(volumes)
    where = {"op": "==", "field": "datasource_id", "value": source}
    return {"version": 2, "relation": "volume", "where": where, "order_by": [{"field": "identifier"}]}


def _held(page: Page) -> float:
    """Bytes that the page holds after garbage is collected."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(each["value"] for each in metrics if each["name"] == "JSHeapUsedSize"))


def _scroll(page: Page, *places: float) -> int:
    box = page.get_by_role("region", name="Rows").element_handle()
    return int(page.evaluate(TO_PLACES, [box, places]))


@pytest.mark.slow
def test_a_hundred_thousand_rows_are_scrolled(query_page: QueryPage, artefacts: dict[str, Any]) -> None:
    page = query_page.show(plan=artefacts)
    expect(page.get_by_text(f"{ROWS:,} rows", exact=True)).to_be_visible()
    grid = page.get_by_role("grid", name="Rows")
    expect(grid.get_by_role("button", name="-00000")).to_be_visible()
    before = _held(page)
    for place, number in ((1.0, ROWS - 1), (0.5, ROWS // 2), (0.0, 0)):
        assert _scroll(page, place) < MAX_DRAWN
        expect(grid.get_by_role("button", name=f"-{number:05}")).to_be_visible()
    assert _scroll(page, *(number / PLACES for number in range(PLACES))) < MAX_DRAWN
    assert _held(page) - before < MAX_GROWTH
    with page.expect_request(lambda asked: "/v1/query" in asked.url):
        _scroll(page, 0.0)  # the first rows are no longer kept


def _heads(page: Page) -> list[str]:
    return page.get_by_role("grid").get_by_role("columnheader").all_inner_texts()


def _width(place: Locator) -> float:
    box = place.bounding_box()
    assert box is not None
    return box["width"]


def test_the_usual_columns_begin_with_what_tells_most(query_page: QueryPage, plan: dict[str, Any]) -> None:
    page = query_page.show(plan=plan)
    expect(page.get_by_text(re.compile(r"Columns: (?!43)\d+ of 43"))).to_be_visible()  # the types have come
    heads = _heads(page)
    assert heads[1:3] == ["volume type", "modality"]
    assert heads[-3:] == ["datasource id", "patient id", "study id"]
    assert "slice thickness (mm)" in heads
    page.get_by_text(f"Columns: {len(heads)} of 43").click()
    page.get_by_role("button", name="All", exact=True).click()
    expect(page.get_by_text("Columns: 43 of 43")).to_be_visible()
    expect(page.get_by_role("grid").get_by_role("columnheader")).to_have_count(43)
    page.get_by_role("button", name="The usual ones").click()
    expect(page.get_by_role("grid").get_by_role("columnheader")).to_have_count(len(heads))
    assert _heads(page) == heads


def test_identifiers_show_how_they_end(query_page: QueryPage, plan: dict[str, Any]) -> None:
    page = query_page.show(plan=plan)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    cell = page.get_by_role("grid").get_by_role("row").nth(1).get_by_role("gridcell").first
    link = cell.get_by_role("button", name=re.compile(r"\.0$"))
    whole = link.inner_text()
    assert whole.startswith(f"volume/{LONG}.")
    assert link.get_attribute("title") == whole
    # What is cut lies to the left of the cell.
    inner, outer = link.locator("bdi").bounding_box(), cell.bounding_box()
    assert inner is not None
    assert outer is not None
    assert inner["x"] < outer["x"]
    assert inner["x"] + inner["width"] <= outer["x"] + outer["width"]
    row = page.get_by_role("grid").get_by_role("row").nth(1).bounding_box()
    assert row is not None
    assert row["height"] == 26  # what is scrolled to is computed of it
    cell.focus()
    page.keyboard.press("Control+c")
    assert page.evaluate("navigator.clipboard.readText()") == whole


def test_columns_are_widened(query_page: QueryPage, plan: dict[str, Any]) -> None:
    page = query_page.show(plan=plan)
    grid = page.get_by_role("grid")
    head = grid.get_by_role("columnheader", name="identifier")
    other = grid.get_by_role("columnheader", name="volume type")
    expect(other).to_be_visible()
    narrow, kept = _width(head), _width(other)
    box = head.bounding_box()
    assert box is not None
    edge = (box["x"] + box["width"] - 4, box["y"] + 10)
    page.mouse.move(*edge)
    page.mouse.down()
    page.mouse.move(edge[0] + 100, edge[1], steps=4)
    page.mouse.up()
    wide = _width(head)
    assert wide == pytest.approx(narrow + 100, abs=8)
    assert _width(other) == kept
    head.focus()
    page.keyboard.press("Shift+ArrowLeft")
    expect(head).to_be_focused()
    assert _width(head) < wide
    page.reload()
    expect(other).to_be_visible()
    assert _width(head) == pytest.approx(narrow + 100, abs=40)
    page.get_by_text(re.compile("^Columns: ")).click()
    expect(grid.get_by_role("row").nth(1)).to_contain_text("T2")
    page.get_by_role("button", name="Fit to values").click()
    first = grid.get_by_role("row").nth(1).get_by_role("gridcell").first
    inner, outer = first.locator("bdi").bounding_box(), first.bounding_box()
    assert inner is not None
    assert outer is not None
    assert inner["x"] >= outer["x"]


def test_large_integers_are_exact(query_page: QueryPage, client: Client) -> None:
    key = secrets.token_hex(6)
    for number in (LARGE - 1, LARGE, LARGE + 1):
        made = DataSourceCreate(
            identifier=f"{key}-{number - LARGE + 1}", license="CC0", planned_patient_count=number, contact=key
        )
        client.data_sources.create(made)
    page = query_page.show(
        plan={
            "version": 2,
            "relation": "datasource",
            "where": {"op": "==", "field": "contact", "value": key},
            "select": ["identifier", "planned_patient_count"],
            "order_by": [{"field": "planned_patient_count"}],
        }
    )
    grid = page.get_by_role("grid", name="Rows")
    for number in range(3):
        expect(grid.get_by_role("row").nth(1 + number)).to_contain_text(f"-{number}{LARGE - 1 + number}")
    page.get_by_role("button", name="Filter by planned patient count").click()
    condition = page.get_by_role("group", name="Condition on planned patient count")
    condition.get_by_label("Value").fill(str(LARGE))
    expect(page.get_by_text("1 row", exact=True)).to_be_visible()
    expect(page.get_by_label("In Python")).to_have_value(re.compile(f"planned_patient_count == {LARGE}"))
    page.reload()
    expect(page.get_by_text("1 row", exact=True)).to_be_visible()
    expect(condition.get_by_label("Value")).to_have_value(str(LARGE))
    grid.get_by_role("button", name=f"datasource/{key}-1").click()
    card = page.get_by_role("region", name="Payload", exact=True)
    expect(card).to_contain_text(f"{LARGE:,}")
