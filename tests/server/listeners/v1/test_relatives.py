"""What stands around a resource, and what to choose from, over HTTP, beside what the Python client reads."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from vxdata.schemas.create import (
    DataSourceCreate,
    DiagnosticReportCreate,
    ImagingStudyCreate,
    PatientCreate,
    VolumeCreate,
)
from vxdata.schemas.update import PatientUpdate

if TYPE_CHECKING:
    from pathlib import Path

    from vxdata.sdk import Client


@pytest.fixture(scope="module")
def source(client: Client) -> str:
    """A data source with two patients; one of them has a study, deleted, with a volume."""
    unique = secrets.token_hex(6)
    name = f"datasource/{unique}"
    client.data_sources.create(DataSourceCreate(identifier=name, license="x"))
    client.patients.create(
        [
            PatientCreate(identifier=f"{unique}-{number}", parent_identifier=name, license="x", sex="M")
            for number in range(2)
        ]
    )
    study = f"imagingstudy/{unique}"
    client.imaging_studies.create(
        ImagingStudyCreate(identifier=study, parent_identifier=f"patient/{unique}-0", license="x")
    )
    client.volumes.create(VolumeCreate(identifier=unique, parent_identifier=study, license="x"))
    client.resources.delete(study)
    client.patients.update(f"{unique}-0", PatientUpdate(sex="F"))
    client.resources.delete(f"patient/{unique}-1")
    client.resources.restore(f"patient/{unique}-1")
    return name


def test_children_come_page_by_page(http: httpx.Client, client: Client, source: str) -> None:
    expected = [child.identifier for child in client.lineage.children(source)]
    first = http.get(f"/children/{source}", params={"limit": 1}).json()
    assert [child["identifier"] for child in first["children"]] == expected[:1]
    assert (first["counts"], first["next"]) == ({"patient": 2}, expected[0])
    second = http.get(f"/children/{source}", params={"limit": 1, "after": first["next"]}).json()
    assert [child["identifier"] for child in second["children"]] == expected[1:]
    assert second["children"][0]["type"] == "patient"
    assert "next" not in second
    of_type = http.get(f"/children/{source}", params={"type": "volume"}).json()
    assert (of_type["children"], of_type["counts"]) == ([], {"patient": 2})


def test_ancestors_are_found_through_deleted_ones(http: httpx.Client, client: Client, source: str) -> None:
    volume = f"volume/{source.removeprefix('datasource/')}"
    expected = client.lineage.parents(volume)
    found = http.get(f"/lineage/{volume}").json()["ancestors"]
    assert [each["identifier"] for each in found] == [each.identifier for each in expected]
    assert [each["type"] for each in found] == ["patient", "datasource"]
    assert [each["version"] for each in found] == [each.version for each in expected]
    assert http.get(f"/lineage/{source}").json()["ancestors"] == []


def test_versions_are_those_of_the_client(http: httpx.Client, client: Client, source: str) -> None:
    for number in range(2):
        patient = f"patient/{source.removeprefix('datasource/')}-{number}"
        expected = client.resources.history(patient)
        found = http.get(f"/history/{patient}").json()["versions"]
        assert [(each["version"], each["deleted"]) for each in found] == [
            (each.version, each.deleted) for each in expected
        ]
        assert [each["commit"] for each in found] == [
            {
                "version": each.version,
                "verb": each.verb,
                "principal": each.principal,
                "client": each.client,
            }
            for each in expected
        ]
        assert [each["changes"] for each in found] == [
            {name: list(change) for name, change in each.changes.items()} for each in expected
        ]
    early = http.get(f"/history/{patient}", params={"as_of": expected[0].as_of.isoformat()}).json()
    assert len(early["versions"]) == 1


def test_a_copy_is_good_until_the_next_commit(http: httpx.Client, source: str) -> None:
    for path in (f"/children/{source}", f"/lineage/{source}", f"/history/{source}"):
        first = http.get(path)
        again = http.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (first.status_code, again.status_code, again.content) == (200, 304, b""), path
    others = http.get(f"/children/{source}", params={"limit": 1}).headers["ETag"]
    assert others != http.get(f"/children/{source}", params={"limit": 2}).headers["ETag"]


@pytest.mark.parametrize("family", ["children", "lineage", "history", "files"])
def test_what_is_missing_is_named(http: httpx.Client, family: str) -> None:
    found = http.get(f"/{family}/patient/no-such-patient")
    assert (found.status_code, found.json()["code"]) == (404, "RESOURCE_NOT_FOUND")
    assert found.json()["details"]["identifiers"] == ["patient/no-such-patient"]
    malformed = http.get(f"/{family}/patient")
    assert (malformed.status_code, malformed.json()["code"]) == (400, "INVALID_IDENTIFIER")


def test_files_have_addresses(
    http: httpx.Client, client: Client, source: str, tmp_path: Path, unique: str
) -> None:
    content = tmp_path / "report.txt"
    content.write_text("real")
    patient = f"patient/{source.removeprefix('datasource/')}-0"
    fields: dict[str, Any] = {"identifier": unique, "parent_identifier": patient, "license": "x"}
    report = client.diagnostic_reports.create(DiagnosticReportCreate(**fields, path_pdf=content))
    found = http.get(f"/files/{report.identifier}").json()["files"]
    assert [each["field"] for each in found] == ["path_pdf"]
    assert found[0]["url"] == client.diagnostic_reports.retrieve(unique).path_pdf
    assert httpx.get(found[0]["address"], trust_env=False).text == "real"
    assert found[0]["expires"].endswith("Z")
    assert http.get(f"/files/{patient}").json()["files"] == []
    refused = http.get(f"/files/{patient}", params={"field": "sex"})
    assert (refused.status_code, refused.json()["code"]) == (400, "INVALID_REQUEST")


def test_identifiers_are_found_by_how_they_begin(http: httpx.Client, source: str) -> None:
    unique = source.removeprefix("datasource/")
    expected = [f"patient/{unique}-0", f"patient/{unique}-1"]
    for params in (
        {"type": "patient", "begins": unique},
        {"type": "patient", "begins": f"patient/{unique}"},
        {"begins": f"patient/{unique}"},
    ):
        assert http.get("/identifiers", params=params).json()["identifiers"] == expected, params
    few = http.get("/identifiers", params={"type": "patient", "begins": unique, "limit": 1})
    assert few.json()["identifiers"] == expected[:1]
    assert http.get("/identifiers", params={"type": "patientt"}).json()["code"] == "UNKNOWN_RESOURCE_TYPE"


def test_catalogs_are_listed(http: httpx.Client) -> None:
    assert http.get("/catalogs").json() == {"catalogs": []}
    unknown = http.get("/catalogs/nothing")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "UNKNOWN_CATALOG")
