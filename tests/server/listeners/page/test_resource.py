"""The drawer of a resource: what it is, its relatives, its versions and its files, in a browser."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from playwright.sync_api import expect

from vxdata.schemas.create import (
    DataSourceCreate,
    DiagnosticReportCreate,
    ImagingStudyCreate,
    PatientCreate,
    VolumeCreate,
)
from vxdata.schemas.update import VolumeUpdate

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.browser import QueryPage
    from vxdata.sdk import Client


@pytest.fixture(scope="module")
def key(client: Client, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A data source with a patient, its study of two volumes, one of them changed, and its report."""
    key = secrets.token_hex(6)
    fields: dict[str, Any] = {"license": "CC BY 4.0"}
    client.data_sources.create(DataSourceCreate(identifier=key, **fields))
    client.patients.create(
        PatientCreate(identifier=key, parent_identifier=f"datasource/{key}", sex="M", **fields)
    )
    client.imaging_studies.create(
        ImagingStudyCreate(identifier=key, parent_identifier=f"patient/{key}", **fields)
    )
    client.volumes.create(
        [
            VolumeCreate(
                identifier=f"{key}-{number}",
                parent_identifier=f"imagingstudy/{key}",
                volume_type="T2",
                slice_thickness=3.0,
                **fields,
            )
            for number in range(2)
        ]
    )
    client.volumes.update(f"{key}-0", VolumeUpdate(slice_thickness=3.5))
    report: Path = tmp_path_factory.mktemp("report") / "report.pdf"
    report.write_bytes(b"%PDF-1.4 of a test")
    client.diagnostic_reports.create(
        DiagnosticReportCreate(identifier=key, parent_identifier=f"patient/{key}", path_pdf=report, **fields)
    )
    return key


def test_a_row_opens_its_resource(query_page: QueryPage, key: str) -> None:
    name = f"volume/{key}-0"
    where = {"op": "==", "field": "identifier", "value": name}
    page = query_page.show(plan={"version": 2, "relation": "volume", "where": where})
    page.get_by_role("button", name=name).first.click()
    drawer = page.get_by_role("complementary", name=f"Resource {name}")
    payload = drawer.get_by_role("region", name="Payload", exact=True)
    expect(payload).to_contain_text("slice thickness3.5 mm")
    history = drawer.get_by_role("region", name="History").get_by_role("listitem")
    expect(history.first).to_contain_text(re.compile(r"update, version \d+"))
    expect(history.first).to_contain_text(re.compile(r"by anonymous; the client said .*sdk: "))
    expect(history.first).to_contain_text(re.compile(r"slice thickness:\s*3.*3\.5"))
    assert query_page.violations() == []
    query_page.keep("resource")
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    expect(page.get_by_role("button", name=name).first).to_be_focused()


def test_relatives_are_opened_from_one_another(query_page: QueryPage, key: str) -> None:
    page = query_page.show(resource=f"volume/{key}-0")
    ancestors = page.get_by_role("list", name="Ancestors, the data source first").get_by_role("listitem")
    expect(ancestors).to_have_text(
        [f"datasource/{key}", f"patient/{key}", f"imagingstudy/{key}", f"volume/{key}-0"]
    )
    ancestors.get_by_role("button", name=f"imagingstudy/{key}").click()
    drawer = page.get_by_role("complementary", name=f"Resource imagingstudy/{key}")
    expect(drawer).to_contain_text("2 children")
    children = drawer.get_by_role("list", name="Children").get_by_role("listitem")
    expect(children).to_have_text([f"volume/{key}-0", f"volume/{key}-1"])


def test_a_version_is_looked_at(query_page: QueryPage, key: str) -> None:
    page = query_page.show(resource=f"volume/{key}-0")
    history = page.get_by_role("region", name="History").get_by_role("listitem")
    history.last.get_by_role("button").click()
    expect(page.get_by_role("region", name="Payload", exact=True)).to_contain_text("slice thickness3 mm")
    expect(page.get_by_role("button", name="Back to the latest")).to_be_visible()


def test_files_are_fetched_by_signed_addresses(query_page: QueryPage, key: str) -> None:
    page = query_page.show(resource=f"diagnosticreport/{key}")
    link = page.get_by_role("region", name="Files").get_by_role("link", name=re.compile(r"Download .*pdf"))
    address = link.get_attribute("href")
    assert address is not None
    assert httpx.get(address, trust_env=False).content == b"%PDF-1.4 of a test"


def test_a_resource_that_is_missing_is_named(query_page: QueryPage) -> None:
    page = query_page.show(resource="volume/no-such-volume")
    expect(page.get_by_role("alert").first).to_contain_text("volume/no-such-volume")
