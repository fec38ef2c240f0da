"""`/v1/resources` and `/v1/commits`, beside what the Python client reads."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from vxdata.schemas.create import DataSourceCreate, PatientCreate
from vxdata.schemas.update import PatientUpdate

if TYPE_CHECKING:
    import httpx

    from vxdata.sdk import Client


@pytest.fixture(scope="module")
def patient(client: Client) -> str:
    """A patient with two versions."""
    unique = secrets.token_hex(6)
    source = f"datasource/{unique}"
    name = f"patient/{unique}/with a slash & 50% more?"
    client.data_sources.create(DataSourceCreate(identifier=source, license="x"))
    client.patients.create(PatientCreate(identifier=name, parent_identifier=source, license="x", sex="M"))
    client.patients.update(name, PatientUpdate(sex="F"))
    return name


def test_the_current_version(http: httpx.Client, client: Client, patient: str) -> None:
    response = http.get(f"/resources/{quote(patient)}")
    found = response.json()["resource"]
    expected = client.patients.retrieve(patient)
    assert (found["identifier"], found["sex"], found["version"]) == (patient, "F", expected.version)
    assert set(found) == {field.name for field in client.patients.query()._relation.columns}
    assert response.headers["vxdata-version"] == str(response.json()["snapshot"]["version"])


def test_a_past_version(http: httpx.Client, client: Client, patient: str) -> None:
    first = client.patients.history(patient)[0].as_of
    response = http.get(f"/resources/{quote(patient)}", params={"as_of": first.isoformat()})
    assert response.json()["resource"]["sex"] == "M"
    assert "immutable" in response.headers["cache-control"]


@pytest.mark.parametrize(
    ("identifier", "status", "code"),
    [
        ("patient/never-heard-of", 404, "RESOURCE_NOT_FOUND"),
        ("nothing/x", 404, "UNKNOWN_RESOURCE_TYPE"),
        ("patient", 400, "INVALID_IDENTIFIER"),
    ],
)
def test_what_is_not_there(http: httpx.Client, identifier: str, status: int, code: str) -> None:
    response = http.get(f"/resources/{identifier}")
    assert (response.status_code, response.json()["code"]) == (status, code)


def test_commits_are_paged_from_the_newest(http: httpx.Client, client: Client, patient: str) -> None:
    expected = [version.version for version in reversed(client.patients.history(patient))]
    first = http.get("/commits", params={"limit": 1, "type": "patient", "before": expected[0] + 1}).json()
    assert [commit["version"] for commit in first["commits"]] == expected[:1]
    second = http.get("/commits", params={"limit": 1, "type": "patient", "before": first["next"]}).json()
    assert [commit["version"] for commit in second["commits"]] == expected[1:]
    assert second["commits"][0]["counts"] == {"patient": 1}
    assert second["commits"][0]["verb"] == "create"


def test_the_last_page_has_no_next(http: httpx.Client, patient: str) -> None:
    for limit in (1, 5):
        oldest = http.get("/commits", params={"before": 2, "limit": limit}).json()
        assert [commit["version"] for commit in oldest["commits"]] == [1]
        assert oldest["next"] is None


@pytest.mark.parametrize("params", [{"limit": 0}, {"before": "x"}, {"type": "volumen"}])
def test_malformed_parameters_are_refused(http: httpx.Client, params: dict[str, Any]) -> None:
    response = http.get("/commits", params=params)
    assert response.status_code in {400, 404}
    assert response.json()["message"]
