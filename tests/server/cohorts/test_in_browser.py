"""Catalogs of other databases on the query page, in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from vxdata.server.app import Server
from vxdata.server.catalog_settings import CatalogSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic import SecretStr

    from tests.fixtures.asking import Tokens
    from tests.fixtures.browser import QueryPage
    from vxdata.server.config import Settings


@pytest.fixture(scope="module")
def server_of_both(settings: Settings, example_uri: SecretStr) -> Iterator[Server]:
    """A server with data of its own, and with the example as the catalog `cda`."""
    catalogs = {"cda": CatalogSettings(uri=example_uri, schema_name="cda")}
    with Server(settings.model_copy(update={"catalogs": catalogs})) as running:
        yield running


def test_a_catalog_is_looked_through(
    open_query_page: Callable[[Server], QueryPage], server_of_both: Server
) -> None:
    query_page = open_query_page(server_of_both)
    page = query_page.show(view="catalogs")
    tables = page.get_by_role("region", name="Tables")
    tables.get_by_text("observation (").click()
    columns = tables.get_by_role("table", name="Columns of observation", exact=True)
    expect(columns.get_by_role("row", name="subject_alias")).to_contain_text("subject.id_alias")
    cohort = page.get_by_role("region", name="Cohort", exact=True)
    cohort.get_by_label("All of these hold").fill("species = HUMAN")
    cohort.get_by_role("button", name="Find").click()
    expect(cohort.get_by_text("2 subjects", exact=True)).to_be_visible()
    rows = cohort.get_by_role("region", name="Rows of the cohort")
    expect(rows.get_by_role("row")).to_have_count(3)
    expect(rows).to_contain_text("S0")
    cohort.get_by_text("Summary", exact=True).click()
    expect(cohort.get_by_text("total_count")).to_be_visible()
    query_page.keep("catalogs")
    assert query_page.violations() == []
    cohort.get_by_label("All of these hold").fill("specie = HUMAN")
    cohort.get_by_role("button", name="Find").click()
    expect(cohort.get_by_role("alert")).to_contain_text("specie")


def test_a_catalog_is_shown_to_who_has_signed_in(
    open_query_page: Callable[[Server], QueryPage], settings: Settings, example_uri: SecretStr, tokens: Tokens
) -> None:
    catalogs = {"cda": CatalogSettings(uri=example_uri, schema_name="cda")}
    changes = {"catalogs": catalogs, "authentication": "required"}
    with Server(settings.model_copy(update=changes)) as asking:
        page = open_query_page(asking).show(view="catalogs")
        cohort = page.get_by_role("region", name="Cohort", exact=True)
        dialog = page.get_by_role("dialog", name="Sign in")
        expect(dialog).to_be_visible()
        expect(cohort).to_have_count(0)
        dialog.get_by_label("Token").fill(tokens.take()[1])
        page.keyboard.press("Enter")
        cohort.get_by_label("All of these hold").fill("species = HUMAN")
        cohort.get_by_role("button", name="Find").click()
        expect(cohort.get_by_text("2 subjects", exact=True)).to_be_visible()
        expect(page.get_by_role("region", name="Tables").get_by_text("observation (")).to_be_visible()


def test_a_server_without_own_data_shows_its_catalogs(
    open_query_page: Callable[[Server], QueryPage], cda_server: Server
) -> None:
    page = open_query_page(cda_server).show()
    expect(page.get_by_role("region", name="Cohort", exact=True)).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_role("navigation", name="Views")).to_have_count(0)
