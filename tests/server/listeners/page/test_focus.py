"""Where the focus goes on the query page, and what closes when it leaves, in a browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.fixtures.browser import QueryPage

PLAN: Final[dict[str, Any]] = {"version": 2, "relation": "volume"}


def test_what_is_added_has_the_focus(query_page: QueryPage) -> None:
    page = query_page.show(plan=PLAN)
    page.get_by_role("button", name="Add a condition").press("Enter")
    condition = page.get_by_role("group", name=re.compile("^Condition on"))
    expect(condition.get_by_label("Field", exact=True)).to_be_focused()
    page.get_by_role("button", name="Add a group").press("Enter")
    group = page.get_by_role("group", name="Any of these")
    expect(group.get_by_label("How the conditions are joined")).to_be_focused()
    group.get_by_role("button", name="Add a condition").press("Enter")
    inner = group.get_by_role("group", name=re.compile("^Condition on"))
    expect(inner.get_by_label("Field", exact=True)).to_be_focused()


@pytest.mark.parametrize("title", ["Columns: 16 of 43", "Saved queries"])
def test_menus_close_by_escape_and_when_left(query_page: QueryPage, title: str) -> None:
    page = query_page.show(plan=PLAN)
    head, sheet = page.get_by_text(title, exact=True), _sheet(page, title)
    head.click()
    expect(sheet).to_be_visible()
    page.keyboard.press("Tab")
    expect(sheet).to_be_visible()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(head).to_be_focused()
    head.click()
    expect(sheet).to_be_visible()
    page.get_by_role("heading", name="VxData").click()
    expect(sheet).to_be_hidden()


def _sheet(page: Page, title: str) -> Any:
    return page.get_by_role("group").filter(has_text=title).locator(".sheet")


def test_a_refused_condition_has_no_number_of_rows(query_page: QueryPage) -> None:
    page = query_page.show(plan=PLAN)
    found = page.get_by_role("region", name="Results", exact=True).get_by_role("status")
    expect(found).to_have_text(re.compile(r"\d rows?$"))
    page.get_by_role("button", name="Add a condition").click()
    condition = page.get_by_role("group", name=re.compile("^Condition on"))
    condition.get_by_label("Field", exact=True).select_option(label="place in the lineage")
    condition.get_by_label("Identifier").fill("without-prefix")
    expect(page.get_by_role("alert").first).to_contain_text("has no prefix")
    expect(found).to_have_text("")
