"""One snapshot for the whole page, however many commits others make meanwhile, in a browser."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from vxdata.schemas.create import DataSourceCreate, PatientCreate

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.fixtures.browser import QueryPage
    from vxdata.sdk import Client


@pytest.fixture
def source(client: Client) -> str:
    """Identifier of a data source with three patients."""
    key = secrets.token_hex(6)
    client.data_sources.create(DataSourceCreate(identifier=key, license="CC0"))
    for number in range(3):
        _add(client, key, number)
    return f"datasource/{key}"


def _add(client: Client, key: str, number: int) -> int:
    made = PatientCreate(
        identifier=f"{key}-{number}", parent_identifier=f"datasource/{key}", license="CC0", sex="M"
    )
    return client.patients.create(made).version


def _show(query_page: QueryPage, source: str, **state: Any) -> Page:
    where = {"op": "==", "field": "datasource_id", "value": source}
    return query_page.show(plan={"version": 2, "relation": "patient", "where": where, **state})


def _expect_numbers(page: Page, patients: int, all_patients: int) -> None:
    """The rows, their count, the facets, the count of the type and a plot must agree."""
    found = f"{patients} rows"
    expect(page.get_by_text(found, exact=True)).to_be_visible()
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", str(patients + 1))
    expect(page.get_by_role("button", name=f"Only sex M, {found}")).to_be_visible()
    expect(page.get_by_role("option", name=f"Patient ({all_patients:,})")).to_have_count(1)
    views = page.get_by_role("navigation", name="Views")
    views.get_by_role("button", name="Plots").click()
    bars = page.get_by_role("region", name="rows by sex")
    expect(bars.get_by_role("row").nth(1)).to_contain_text(str(patients))
    views.get_by_role("button", name="Results").click()


def test_all_numbers_are_of_one_commit(query_page: QueryPage, client: Client, source: str) -> None:
    page = _show(query_page, source)
    page.get_by_label("Find a field").fill("sex")
    all_patients = client.patients.query().count()
    _expect_numbers(page, 3, all_patients)
    written = _add(client, source.removeprefix("datasource/"), 3)
    # A changed query must not mix what it finds with what was there before.
    page.get_by_label("In Python").fill(f"F.datasource_id == '{source}', F.sex == 'M'")
    hint = page.get_by_role("banner").get_by_role("status")
    expect(hint).to_contain_text(f"Version {written:,} is newer")
    _expect_numbers(page, 3, all_patients)
    page.get_by_role("navigation", name="Views").get_by_role("button", name="Time").click()
    newest = page.get_by_role("button", name=f"Show as of version {written}", exact=True)
    expect(page.get_by_role("button", name=f"Show as of version {written - 1}", exact=True)).to_be_visible()
    expect(newest).to_have_count(0)
    hint.get_by_role("button", name="Show it").click()
    expect(newest).to_be_visible()
    expect(hint).to_have_text("")
    expect(page.get_by_role("banner")).to_contain_text(re.compile(f"Latest commit: .*version {written:,}"))
    page.get_by_role("navigation", name="Views").get_by_role("button", name="Results").click()
    _expect_numbers(page, 4, all_patients + 1)


def test_newer_commits_are_looked_for_on_focus_and_now_and_then(
    query_page: QueryPage, client: Client, source: str
) -> None:
    key = source.removeprefix("datasource/")
    query_page.page.clock.install()
    page = _show(query_page, source)
    expect(page.get_by_text("3 rows", exact=True)).to_be_visible()
    hint = page.get_by_role("banner").get_by_role("status")
    expect(hint).to_have_text("")
    first = _add(client, key, 3)
    page.clock.fast_forward(31_000)
    expect(hint).to_contain_text(f"Version {first:,} is newer")
    second = _add(client, key, 4)
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(hint).to_contain_text(f"Version {second:,} is newer")
    expect(page.get_by_text("3 rows", exact=True)).to_be_visible()


def test_back_to_the_latest_means_the_newest_commit(
    query_page: QueryPage, client: Client, source: str
) -> None:
    key = source.removeprefix("datasource/")
    history = client.resources.history(f"patient/{key}-1")
    page = _show(query_page, source, as_of=history[-1].as_of.isoformat())
    expect(page.get_by_text("2 rows", exact=True)).to_be_visible()
    _add(client, key, 3)
    page.get_by_role("button", name="Back to the latest").click()
    expect(page.get_by_text("4 rows", exact=True)).to_be_visible()
