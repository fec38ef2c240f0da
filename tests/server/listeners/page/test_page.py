"""The query page, as its users see it: by roles and labels, in a browser, with the server's own data."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import polars as pl
import pytest
from playwright.sync_api import expect

from tests.server.listeners.page.conftest import ROWS, TYPES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from vxdata.sdk import Client


def _found(page: Page, count: int) -> None:
    expect(page.get_by_text(f"{count} row{'' if count == 1 else 's'}", exact=True)).to_be_visible()


def _condition(page: Page, on: str) -> Locator:
    return page.get_by_role("group", name=f"Condition on {on}", exact=True)


def _add(page: Page, on: str) -> Locator:
    page.get_by_role("button", name=f"Filter by {on}", exact=True).click()
    return _condition(page, on).last


def _text(page: Page) -> Locator:
    return page.get_by_label("In Python")


def test_a_type_shows_its_fields_in_groups(page: Page) -> None:
    page.get_by_label("Type", exact=True).select_option("patient")
    expect(page.get_by_role("region", name="Lineage fields")).to_contain_text("Nearest data source")
    page.get_by_label("Type", exact=True).select_option("volume")
    thickness = page.get_by_role("listitem").filter(
        has=page.get_by_role("button", name="Filter by slice thickness")
    )
    expect(thickness).to_contain_text("mm")
    expect(thickness).to_contain_text("DICOM SliceThickness (0018,0050).")
    page.get_by_label("Find a field").fill("SliceThick")
    fields = page.get_by_role("complementary", name="Types and fields")
    expect(fields.get_by_role("button", name=re.compile("^Filter by"))).to_have_count(1)


def test_fields_show_their_values_which_filter(page: Page) -> None:
    types = page.get_by_role("list", name="Most frequent values of volume type")
    expect(types.get_by_role("button")).to_have_count(3)
    types.get_by_role("button", name=f"Only volume type DWI, {ROWS // 3} rows").click()
    _found(page, ROWS // 3)
    expect(_condition(page, "volume type").get_by_label("Value")).to_have_value("DWI")
    page.get_by_label("Find a field").fill("slice thickness")
    expect(page.get_by_text("12.5% without a value")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Only slice thickness from 3 to below")).click()
    _found(page, 25)


def test_clicks_and_text_are_kept_in_step(page: Page) -> None:
    _add(page, "volume type").get_by_label("Value").select_option("T2")
    _found(page, ROWS // 3)
    expect(_text(page)).to_have_value(re.compile(r"F\.volume_type == 'T2'"))
    thickness = _add(page, "slice thickness")
    thickness.get_by_label("Operator").select_option("is below")
    thickness.get_by_label("Value").fill("3.5")
    _found(page, 75)
    expect(_text(page)).to_have_value(re.compile(r"slice_thickness < 3\.5"))
    text = _text(page).input_value()
    _text(page).fill(text.replace("'T2'", "'ADC'"))
    expect(_condition(page, "volume type").get_by_label("Value")).to_have_value("ADC")
    expect(_condition(page, "slice thickness").get_by_label("Value")).to_have_value("3.5")


def test_a_mistake_is_told_and_leaves_the_conditions(page: Page) -> None:
    _add(page, "volume type").get_by_label("Value").select_option("T2")
    _found(page, ROWS // 3)
    _text(page).fill("F.volume_typ == 'T2'")
    expect(page.get_by_role("alert")).to_contain_text("volume_typ")
    expect(_condition(page, "volume type").get_by_label("Value")).to_have_value("T2")
    _text(page).fill("(F.volume_type ==")
    expect(page.get_by_role("alert")).to_contain_text("line 1")
    _found(page, ROWS // 3)


def test_groups_are_nested_and_negated(page: Page, source: str) -> None:
    page.get_by_role("button", name="Add a group").click()
    group = page.get_by_role("group", name="Any of these")
    for number, value in enumerate(("1", "2")):
        group.get_by_role("button", name="Add a condition").click()
        condition = group.get_by_role("group", name=re.compile("^Condition on")).nth(number)
        condition.get_by_label("Field", exact=True).select_option("series_number")
        condition.get_by_label("Value", exact=True).fill(value)
    _found(page, 2)
    group.get_by_label("not", exact=True).first.check()
    _found(page, ROWS - 2)
    expect(_text(page)).to_have_value(re.compile(r"~\(.*series_number.*\|"))
    page.reload()
    _found(page, ROWS - 2)
    expect(
        page.get_by_role("group", name="Any of these").get_by_label("not", exact=True).first
    ).to_be_checked()
    page.get_by_role("button", name="Remove all").click()
    expect(_text(page)).to_have_value("")


@pytest.mark.parametrize(
    ("operator", "label", "value", "count"),
    [
        ("is between", "From", "590", 10),
        ("is one of", "Values, one in each line", "1\n2\n3", 3),
        ("is at least", "Value", "595", 5),
        ("is not", "Value", "5", ROWS - 1),
    ],
)
def test_operators_of_numbers(page: Page, operator: str, label: str, value: str, count: int) -> None:
    condition = _add(page, "series number")
    condition.get_by_label("Operator").select_option(operator)
    condition.get_by_label(label, exact=True).fill(value)
    _found(page, count)


def test_operators_of_texts_words_and_nulls(page: Page) -> None:
    text = _add(page, "series description")
    text.get_by_label("Operator").select_option("begins with")
    text.get_by_label("Text").fill('="1')
    begun = [number for number in range(ROWS) if str(number).startswith("1")]
    _found(page, len(begun))
    kept = [number for number in begun if TYPES[number % 3] in {"T2", "DWI"}]
    words = _add(page, "volume type")
    words.get_by_label("Operator").select_option("is one of")
    words.get_by_label("Values, one in each line").fill("T2\nDWI")
    _found(page, len(kept))
    nulls = _add(page, "slice thickness")
    nulls.get_by_label("Operator").select_option("has no value")
    _found(page, sum(number % 8 == 0 for number in kept))


def test_identifiers_are_found_by_their_beginning(page: Page, source: str) -> None:
    page.get_by_role("button", name="Remove all").click()
    condition = _add(page, "datasource id")
    box = condition.get_by_label("Value")
    box.fill(source[:-2])
    expect(condition.locator(f"option[value='{source}']")).to_have_count(1)
    box.fill(source)
    _found(page, ROWS)


def test_a_saved_query_becomes_a_subquery(page: Page) -> None:
    condition = _add(page, "series number")
    condition.get_by_label("Operator").select_option("is below")
    condition.get_by_label("Value").fill("7")
    _found(page, 7)
    page.get_by_text("Saved queries").click()
    page.get_by_label("Name of the query").fill("the first")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Saved queries").click()
    page.get_by_role("button", name="Remove all").click()
    identifier = _add(page, "identifier")
    identifier.get_by_label("Operator").select_option("is found by the query")
    identifier.get_by_label("Saved query").select_option("the first")
    _found(page, 7)
    expect(_text(page)).to_have_value(re.compile(r"F\.identifier\.is_in\("))


def test_rows_are_sorted_and_columns_chosen(page: Page) -> None:
    page.get_by_text(re.compile("^Columns: ")).click()
    page.get_by_role("button", name="Only identifier").click()
    page.get_by_label("series number", exact=True).check()
    page.get_by_text(re.compile("^Columns: 2 of")).click()
    table = page.get_by_role("grid")
    expect(table.get_by_role("columnheader")).to_have_count(2)
    sort = table.get_by_role("button", name="series number")
    sort.click()
    expect(table.get_by_role("row").nth(1)).to_contain_text("-0000")
    sort.click()
    expect(table.get_by_role("columnheader", name="series number")).to_have_attribute(
        "aria-sort", "descending"
    )
    expect(table.get_by_role("row").nth(1)).to_contain_text(f"-0{ROWS - 1}")


def test_all_rows_can_be_scrolled_to(page: Page) -> None:
    region = page.get_by_role("region", name="Rows")
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", str(ROWS + 1))
    region.evaluate("box => { box.scrollTop = box.scrollHeight }")
    expect(page.get_by_role("grid")).to_contain_text(f"-0{ROWS - 1}")
    assert page.get_by_role("row").count() < 100


def test_calls_that_are_overtaken_are_cancelled(page: Page) -> None:
    cancelled: list[str] = []
    page.on("requestfailed", lambda asked: cancelled.append(asked.post_data or ""))
    held: list[Any] = []
    page.route("**/v1/count", lambda route: held.append(route), times=1)  # noqa: PLW0108 - playwright marks it
    condition = _add(page, "series number")
    with page.expect_request("**/v1/count"):
        condition.get_by_label("Value").fill("1")
    condition.get_by_label("Operator").select_option("is at most")
    _found(page, 2)
    assert any('"=="' in body for body in cancelled)


def test_the_code_gives_the_rows(page: Page, client: Client) -> None:
    _add(page, "volume type").get_by_label("Value").select_option("T2")
    page.get_by_role("button", name="Export").click()
    for title in ("Python (vxdata.sdk)", "Python (vxp_client)"):
        code = page.get_by_role("region", name=title).locator("pre")
        expect(code).to_contain_text("'T2'")
        names: dict[str, Any] = {}
        exec(code.inner_text(), names)  # noqa: S102 - what the page offers to run
        assert len(names["frame"]) == ROWS // 3
        names["client"].close()
    plan = json.loads(page.get_by_role("region", name="Plan (JSON)").locator("pre").inner_text())
    assert plan["relation"] == "volume"
    section = page.get_by_role("region", name="curl")
    section.get_by_role("button", name="Copy").click()
    expect(section.get_by_role("status")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == section.locator("pre").inner_text()


@pytest.mark.parametrize(
    ("title", "read"),
    [("Parquet", pl.read_parquet), ("Arrow", pl.read_ipc), ("CSV", pl.read_csv), ("NDJSON", pl.read_ndjson)],
)
def test_rows_are_downloaded(
    page: Page, title: str, read: Callable[[Path], pl.DataFrame], tmp_path: Path
) -> None:
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as started:
        page.get_by_role("button", name=f"Download {title}").click()
    path = tmp_path / started.value.suggested_filename
    started.value.save_as(path)
    assert read(path)["identifier"].n_unique() == ROWS


def test_links_hold_the_state(
    page: Page, make_page: Callable[..., Page], client: Client, source: str
) -> None:
    _add(page, "volume type").get_by_label("Value").select_option("ADC")
    _found(page, ROWS // 3)
    page.get_by_role("button", name="Export").click()
    links = {}
    for which in ("pinned", "live"):
        page.get_by_role("button", name=f"Copy the {which} link").click()
        expect(page.get_by_text("Copied").first).to_be_visible()
        links[which] = page.evaluate("navigator.clipboard.readText()")
    gone = f"volume/{source.removeprefix('datasource/')}-0001"
    client.volumes.delete(gone)
    try:
        for which, count in (("pinned", ROWS // 3), ("live", ROWS // 3 - 1)):
            opened = make_page(links[which][links[which].index("#") :])
            opened.get_by_role("button", name="Results").click()
            _found(opened, count)
            expect(_condition(opened, "volume type").get_by_label("Value")).to_have_value("ADC")
    finally:
        client.volumes.restore(gone)


def test_a_long_state_is_compressed(make_page: Callable[..., Page], page: Page) -> None:
    text = f"{_text(page).input_value()} & F.series_number.is_in({list(range(1000))})"
    _text(page).fill(text.replace("F.datasource_id", "(F.datasource_id", 1).replace(" & ", ") & ", 1))
    page.wait_for_url(re.compile("#z="))
    _found(make_page(page.url[page.url.index("#") :]), ROWS)


def test_a_damaged_address_gives_the_first_state(make_page: Callable[..., Page]) -> None:
    page = make_page("#s=" + quote('{"plan": '))
    expect(page.get_by_role("alert")).to_contain_text("The link is damaged")
    expect(page.get_by_label("Type", exact=True)).to_have_value("volume")
