"""Copies that callers keep: every answer with an ETag is validated by it, and named anew by a commit."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

import pytest

from vxdata.schemas.create import DataSourceCreate, PatientCreate
from vxdata.schemas.update import PatientUpdate

if TYPE_CHECKING:
    import httpx

    from vxdata.sdk import Client

PATIENT: Final = {"type": "patient"}

ROUTES: Final[dict[str, Any]] = {
    "/types": None,
    "/identifiers?type=patient": None,
    "/commits?limit=3": None,
    "/query?type=patient": None,
    "/query": PATIENT,
    "/count": PATIENT,
    "/facets": {"question": PATIENT, "fields": ["sex"]},
    "/compare": {"question": PATIENT, "since": "2026-01-01"},
    **{f"/{about}/{{patient}}": None for about in ("resources", "children", "lineage", "history", "files")},
}
"""Route -> the body that is sent to it; of the others, none has an ETag but files of answers."""


@pytest.fixture(scope="module")
def patient(client: Client) -> str:
    """A patient."""
    source = client.data_sources.create(DataSourceCreate(identifier=secrets.token_hex(6), license="x"))
    made = PatientCreate(identifier=secrets.token_hex(6), parent_identifier=source.identifier, license="x")
    return client.patients.create(made).identifier


def test_a_copy_is_good_until_the_next_commit(http: httpx.Client, client: Client, patient: str) -> None:
    def ask(route: str, **headers: str) -> httpx.Response:
        body, path = ROUTES[route], route.format(patient=patient)
        return http.request("GET" if body is None else "POST", path, json=body, headers=headers)

    before = {route: ask(route) for route in ROUTES}
    names = {route: found.headers["ETag"] for route, found in before.items()}
    kept = {route: ask(route, **{"If-None-Match": f'"other", {name}'}) for route, name in names.items()}
    assert {route: found.status_code for route, found in kept.items()} == dict.fromkeys(ROUTES, 304)
    assert {route: found.content for route, found in kept.items()} == dict.fromkeys(ROUTES, b"")
    assert {route: found.headers["ETag"] for route, found in kept.items()} == names
    client.patients.update(patient, PatientUpdate(sex="M"))
    after = {route: ask(route, **{"If-None-Match": name}) for route, name in names.items()}
    assert {route: found.status_code for route, found in after.items()} == dict.fromkeys(ROUTES, 200)
    assert not any(names[route] == found.headers["ETag"] for route, found in after.items())


def test_nothing_is_kept_of_what_is_not_there(http: httpx.Client) -> None:
    found = http.get("/resources/patient/never-heard-of", headers={"If-None-Match": '"other"'})
    assert (found.status_code, found.json()["code"]) == (404, "RESOURCE_NOT_FOUND")
    assert "ETag" not in found.headers
