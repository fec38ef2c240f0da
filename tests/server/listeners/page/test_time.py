"""Time: the commits, the instant that the page looks at, and what has changed since, in a browser."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from vxdata.schemas.create import DataSourceCreate, PatientCreate
from vxdata.schemas.update import PatientUpdate

if TYPE_CHECKING:
    from tests.fixtures.browser import QueryPage
    from vxdata.sdk import Client


@pytest.fixture
def key(client: Client) -> str:
    """Of three patients one was changed after they were made, one deleted, and a fourth one added."""
    key = secrets.token_hex(6)
    source = client.data_sources.create(DataSourceCreate(identifier=key, license="CC0")).identifier
    fields: dict[str, Any] = {"parent_identifier": source, "license": "CC0"}
    client.patients.create(
        [PatientCreate(identifier=f"{key}-{number}", sex="M", **fields) for number in range(3)]
    )
    client.patients.update(f"{key}-0", PatientUpdate(sex="F"))
    client.resources.delete(f"patient/{key}-1")
    client.patients.create(PatientCreate(identifier=f"{key}-3", sex="M", **fields))
    return key


@pytest.fixture
def plan(key: str) -> dict[str, Any]:
    """A query for those patients."""
    where = {"op": "==", "field": "datasource_id", "value": f"datasource/{key}"}
    return {"version": 2, "relation": "patient", "where": where}


@pytest.fixture
def versions(client: Client, key: str) -> list[int]:
    """The versions of the commits: the first three, and those after them."""
    return [client.resources.history(f"patient/{key}-{number}")[-1].version for number in (2, 0, 1, 3)]


def test_a_commit_is_looked_at(query_page: QueryPage, plan: dict[str, Any], versions: list[int]) -> None:
    page = query_page.show(plan=plan, view="time")
    table = page.get_by_role("region", name="Table of commits")
    newest = table.get_by_role("row").nth(1)
    expect(newest).to_contain_text(re.compile("create.*patient: 1(?!\\.).*anonymous.*sdk"))
    expect(newest.get_by_role("rowheader")).to_have_text(f"{versions[-1]:,}")
    assert query_page.violations() == []
    query_page.keep("time")
    table.get_by_role("button", name=f"Show as of version {versions[0]}", exact=True).click()
    expect(page.get_by_role("button", name="Back to the latest")).to_be_visible()
    page.get_by_role("navigation", name="Views").get_by_role("button", name="Results").click()
    expect(page.get_by_text("3 rows", exact=True)).to_be_visible()


def test_what_has_changed_since_is_told(
    query_page: QueryPage, plan: dict[str, Any], key: str, versions: list[int]
) -> None:
    page = query_page.show(plan=plan, view="time")
    page.get_by_role("button", name=f"Compare with version {versions[0]}", exact=True).click()
    comparison = page.get_by_role("region", name="Comparison")
    expect(comparison.get_by_role("status")).to_have_text("1 added, 1 changed, 1 gone")
    rows = comparison.get_by_role("row")
    expect(rows.nth(1)).to_contain_text(re.compile(f"patient/{key}-0\\s*changed"))
    expect(rows.nth(2)).to_contain_text(re.compile(f"patient/{key}-1\\s*gone"))
    expect(rows.nth(3)).to_contain_text(re.compile(f"patient/{key}-3\\s*added"))
    rows.nth(1).get_by_text(re.compile(r"\d fields?")).click()
    expect(rows.nth(1)).to_contain_text(re.compile(r"sex:\s*M.*F"))
    assert query_page.violations() == []
    query_page.keep("compare")
    comparison.get_by_role("button", name=f"patient/{key}-0").click()
    expect(page.get_by_role("complementary", name=f"Resource patient/{key}-0")).to_be_visible()


def test_the_head_and_the_pinned_link_are_of_the_rows_that_are_shown(
    query_page: QueryPage, plan: dict[str, Any], client: Client, key: str
) -> None:
    page = query_page.show(plan=plan)
    expect(page.get_by_text("3 rows", exact=True)).to_be_visible()
    written = client.patients.update(f"{key}-2", PatientUpdate(sex="O", birth_year=1951)).version
    page.get_by_label("In Python").fill(f"F.datasource_id == 'datasource/{key}', F.sex == 'M'")
    expect(page.get_by_text("2 rows", exact=True)).to_be_visible()
    head = page.get_by_role("banner")
    head.get_by_role("button", name="Show it").click()
    expect(page.get_by_text("1 row", exact=True)).to_be_visible()
    expect(head).to_contain_text(f"version {written:,}")
    page.get_by_role("navigation", name="Views").get_by_role("button", name="Export").click()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the pinned link").click()
    expect(page.get_by_text("Copied")).to_be_visible()
    pinned = page.evaluate("navigator.clipboard.readText()")
    page.goto("about:blank")
    page.goto(pinned)
    expect(head).to_contain_text(re.compile(f"As of .*version {written:,}"))
    page.get_by_role("navigation", name="Views").get_by_role("button", name="Results").click()
    expect(page.get_by_text("1 row", exact=True)).to_be_visible()


def test_changes_do_not_make_the_page_longer(query_page: QueryPage, key: str) -> None:
    page = query_page.page
    page.set_viewport_size({"width": 1280, "height": 200})
    query_page.show(plan={"version": 2, "relation": "patient"}, resource=f"patient/{key}-0")
    history = page.get_by_role("region", name="History")
    expect(history).to_contain_text(re.compile(r"sex:\s*M\s*→\s.*F"))
    changes = history.get_by_text("sex:").bounding_box()
    assert changes is not None
    assert changes["y"] > 200
    assert page.evaluate("document.scrollingElement.scrollHeight") == 200
