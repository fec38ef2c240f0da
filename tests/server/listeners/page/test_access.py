"""Who can use the page, and how soon: axe, the keyboard, narrow windows, weight and first paint."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import pytest
from playwright.sync_api import expect

from tools.page_figures import MAX_WEIGHT, measure
from tools.web import PACKAGES, install

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Page

    from vxdata.server.app import Server

RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

MAX_FIRST_PAINT: Final = 1000
"""Milliseconds."""


def _violations(page: Page) -> list[str]:
    install()
    page.evaluate((PACKAGES / "axe-core/axe.min.js").read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate(
        "rules => axe.run({ runOnly: { type: 'tag', values: rules } })", RULES
    )
    return [
        f"{each['id']}: {each['help']} ({node['html'][:200]})"
        for each in found["violations"]
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(make_page: Callable[..., Page], scheme: str) -> None:
    page = make_page(scheme=scheme)
    expect(page.get_by_role("button", name="Filter by identifier", exact=True)).to_be_visible()
    assert _violations(page) == []
    page.get_by_role("button", name="Filter by volume type").click()
    page.get_by_role("button", name="Add a group").click()
    page.get_by_text(re.compile("^Columns: ")).click()
    assert _violations(page) == []
    page.get_by_role("button", name="Export").click()
    expect(page.get_by_role("region", name="curl")).to_contain_text("curl")
    assert _violations(page) == []


def test_the_keyboard_reaches_the_query(make_page: Callable[..., Page]) -> None:
    page = make_page()
    expect(page.get_by_label("Type", exact=True)).to_have_value("volume")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the query")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Add a condition")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("group", name="Condition on")).to_have_count(1)


def test_a_narrow_window_needs_no_scrolling_aside(make_page: Callable[..., Page]) -> None:
    page = make_page(width=1024)
    page.get_by_role("button", name="Filter by identifier", exact=True).click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 1024
    assert page.evaluate(
        "document.querySelector('main').scrollWidth <= document.querySelector('main').clientWidth"
    )


def test_the_page_is_light_and_soon_there(browser: Browser, server: Server) -> None:
    figures = measure(browser, server.http_url)
    assert figures.weight < MAX_WEIGHT
    assert figures.first_paint < MAX_FIRST_PAINT
