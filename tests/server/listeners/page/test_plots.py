"""Plots of what a query finds, each with the same as a table, in a browser."""

from __future__ import annotations

import re
import secrets
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from vxdata.schemas.create import DataSourceCreate, VolumeCreate

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.fixtures.browser import QueryPage
    from vxdata.sdk import Client

ROWS = 12


@pytest.fixture(scope="module")
def plan(client: Client) -> dict[str, Any]:
    """A query for twelve volumes of two types, from four months."""
    source = client.data_sources.create(
        DataSourceCreate(identifier=secrets.token_hex(6), license="CC0")
    ).identifier
    client.volumes.create(
        [
            VolumeCreate(
                identifier=f"{source.removeprefix('datasource/')}-{number}",
                parent_identifier=source,
                license="CC0",
                volume_type="T2" if number % 3 else "ADC",
                slice_thickness=1.0 + number % 4,
                series_number=number,
                series_date=date(2020, 1 + number % 4, 1),
            )
            for number in range(ROWS)
        ]
    )
    where = {"op": "==", "field": "datasource_id", "value": source}
    return {"version": 2, "relation": "volume", "where": where}


def test_a_scatter_begins_with_two_different_numbers(query_page: QueryPage, plan: dict[str, Any]) -> None:
    page = query_page.show(plan=plan, view="plots")
    page.get_by_role("combobox", name="Plot").select_option("scatter")
    expect(page.get_by_role("combobox", name="Across")).to_have_value("series_number")
    expect(page.get_by_role("combobox", name="Up")).to_have_value("b_value")


@pytest.mark.parametrize("kind", ["bars", "histogram", "scatter", "years", "time"])
def test_a_plot_of_nothing_says_so(query_page: QueryPage, plan: dict[str, Any], kind: str) -> None:
    never = {"op": "==", "field": "series_number", "value": -1}
    nothing = plan | {"where": {"op": "and", "terms": [plan["where"], never]}}
    page = query_page.show(plan=nothing, view="plots", plot={"kind": kind, "x": "", "y": ""})
    plots = page.get_by_role("region", name="Plots")
    expect(plots.get_by_text(re.compile("^(The query finds no rows|No row has)"))).to_be_visible()
    expect(plots.locator("table, canvas")).to_have_count(0)


def _rows(where: Page | Locator) -> list[list[str]]:
    rows = where.get_by_role("row").all()[1:]
    return [[text.strip() for text in row.locator("th,td").all_inner_texts()] for row in rows]


def test_bars_show_values_and_narrow_the_query(query_page: QueryPage, plan: dict[str, Any]) -> None:
    page = query_page.show(plan=plan, view="plots", plot={"kind": "bars", "x": "volume_type", "y": ""})
    table = page.get_by_role("region", name="rows by volume type")
    expect(table.get_by_role("row")).to_have_count(3)
    assert [row[:2] for row in _rows(table)] == [["T2", "8"], ["ADC", "4"]]
    assert query_page.violations() == []
    query_page.keep("bars")
    page.get_by_role("combobox", name="Show").select_option("mean of series number")
    table = page.get_by_role("region", name="mean of series number by volume type")
    expect(table).to_contain_text("4.5")
    table.get_by_role("button", name="Only volume type ADC").click()
    expect(table.get_by_role("row")).to_have_count(2)
    page.get_by_role("navigation", name="Views").get_by_role("button", name="Results").click()
    expect(page.get_by_text("4 rows", exact=True)).to_be_visible()


def test_a_histogram_shows_how_numbers_are_distributed(query_page: QueryPage, plan: dict[str, Any]) -> None:
    page = query_page.show(
        plan=plan, view="plots", plot={"kind": "histogram", "x": "slice_thickness", "y": ""}
    )
    table = page.get_by_role("region", name="Distribution of slice thickness")
    expect(table.get_by_role("button").first).to_be_visible()
    assert sum(int(row[1]) for row in _rows(table)) == ROWS
    expect(page.get_by_text("0 rows without a value; mean 2.5.")).to_be_visible()
    table.get_by_role("button").first.click()
    page.get_by_role("navigation", name="Views").get_by_role("button", name="Results").click()
    expect(page.get_by_text("3 rows", exact=True)).to_be_visible()


def test_points_show_two_numbers(query_page: QueryPage, plan: dict[str, Any]) -> None:
    plot = {"kind": "scatter", "x": "series_number", "y": "slice_thickness"}
    page = query_page.show(plan=plan, view="plots", plot=plot)
    expect(page.get_by_role("img", name="slice thickness by series number").locator("canvas")).to_be_visible()
    query_page.keep("scatter")
    page.get_by_text("The same as a table").click()
    table = page.get_by_role("region", name="Table: slice thickness by series number")
    found = [row[1:] for row in _rows(table)]
    assert found == [[str(number), str(1 + number % 4)] for number in range(ROWS)]
    assert query_page.violations() == []
    name = _pick(page, "slice thickness by series number")
    assert name in [row[0] for row in _rows(table)]
    drawer = page.get_by_role("complementary", name=f"Resource {name}")
    expect(drawer).to_be_visible()
    drawer.get_by_role("button", name="Close").click()
    table.get_by_role("button").first.click()
    expect(page.get_by_role("complementary", name=re.compile("^Resource .*-0$"))).to_be_visible()


def test_a_line_shows_rows_by_month(query_page: QueryPage, plan: dict[str, Any]) -> None:
    page = query_page.show(plan=plan, view="plots", plot={"kind": "time", "x": "series_date", "y": ""})
    expect(page.get_by_role("img", name="Rows by month of series date").locator("canvas")).to_be_visible()
    query_page.keep("over-time")
    page.get_by_text("The same as a table").click()
    table = page.get_by_role("region", name="Table: Rows by month of series date")
    assert _rows(table) == [[f"2020-0{month}", "3"] for month in range(1, 5)]
    _click_point(page, "Rows by month of series date")
    expect(page.get_by_label("In Python")).to_have_value(re.compile(r"series_date\.year\(\) == 2020.*month"))
    expect(table.get_by_role("row")).to_have_count(2)


def test_bars_show_rows_by_year(query_page: QueryPage, plan: dict[str, Any]) -> None:
    page = query_page.show(plan=plan, view="plots", plot={"kind": "years", "x": "series_date", "y": ""})
    table = page.get_by_role("region", name="rows by year of series date")
    expect(table.get_by_role("row")).to_have_count(2)
    assert [row[:2] for row in _rows(table)] == [["2020", str(ROWS)]]
    table.get_by_role("button", name="Only series date 2020").click()
    expect(page.get_by_label("In Python")).to_have_value(re.compile(r"series_date\.year\(\) == 2020"))


def _click_point(page: Page, label: str) -> None:
    """Click on the point that is nearest to the middle of a picture."""
    picture = page.get_by_role("img", name=label)
    picture.scroll_into_view_if_needed()
    middle = picture.bounding_box()
    assert middle is not None
    page.mouse.move(middle["x"] + middle["width"] / 2, middle["y"] + middle["height"] / 2)
    point = picture.locator(".u-cursor-pt").bounding_box()
    assert point is not None
    page.mouse.click(point["x"] + point["width"] / 2, point["y"] + point["height"] / 2)


def _pick(page: Page, label: str) -> str:
    """Click on a point, and tell the resource that opens."""
    _click_point(page, label)
    opened = page.get_by_role("complementary", name=re.compile("^Resource "))
    expect(opened).to_be_visible()
    return (opened.get_attribute("aria-label") or "").removeprefix("Resource ")


def test_another_kind_begins_with_its_own_second_field(query_page: QueryPage, plan: dict[str, Any]) -> None:
    plot = {"kind": "scatter", "x": "series_number", "y": "slice_thickness"}
    page = query_page.show(plan=plan, view="plots", plot=plot)
    page.get_by_role("combobox", name="Plot", exact=True).select_option("Bars")
    expect(page.get_by_role("combobox", name="Show")).to_have_value("")


def test_numbers_of_four_digits_have_no_comma(query_page: QueryPage, plan: dict[str, Any]) -> None:
    page = query_page.show(plan=plan)
    texts = "async numbers => numbers.map((await import('/query/static/words.js')).numberText)"
    assert page.evaluate(texts, [1951, 1951.25, 123456, 0.125]) == ["1951", "1951", "123,456", "0.125"]
