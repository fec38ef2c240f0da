"""Counts over HTTP: the number that the Python client gives, its snapshot, and what a copy of it is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from pydantic_core import from_json

from vxdata.schemas.create import PatientCreate
from vxdata.schemas.plan import encode
from vxdata.sdk import F

if TYPE_CHECKING:
    import httpx

    from vxdata.sdk import Client, Query

IMMUTABLE: Final = "private, max-age=31536000, immutable"


@pytest.fixture
def patients(client: Client, datasource: str) -> Query[Any]:
    """Five patients of two sexes."""
    client.patients.create(
        [
            PatientCreate(
                identifier=f"{datasource.removeprefix('datasource/')}-{number}",
                parent_identifier=datasource,
                sex="F" if number % 2 else "M",
                license="CC BY 4.0",
            )
            for number in range(5)
        ]
    )
    return client.patients.query().filter(F.datasource_id == datasource)


def plan_of(query: Query[Any]) -> dict[str, Any]:
    return dict(from_json(encode(query.plan)))


def test_all_forms_count_as_the_client_does(http: httpx.Client, client: Client, patients: Query[Any]) -> None:
    for query in (
        patients,
        patients.filter(F.sex == "F"),
        patients.limit(3),
        patients.limit(3).offset(4),
        patients.select("sex").distinct(),
        patients.group_by("sex").agg(),
    ):
        found = http.post("/count", json={"plan": plan_of(query)})
        assert (found.status_code, found.json()["count"]) == (200, query.count()), query
    whole = http.post("/count", json={"type": "patient", "select": ["identifier"], "limit": 2, "offset": 1})
    assert whole.json()["count"] == 2


def test_the_snapshot_stands_in_content_and_headers(http: httpx.Client, patients: Query[Any]) -> None:
    found = http.post("/count", json={"plan": plan_of(patients)})
    snapshot = found.json()["snapshot"]
    assert found.headers["VxData-As-Of"] == snapshot["as_of"]
    assert found.headers["VxData-Version"] == str(snapshot["version"])
    assert snapshot["as_of"].endswith("Z")
    assert found.headers["Cache-Control"] == "private, no-cache"
    again = http.post("/count", json={"plan": plan_of(patients), "as_of": snapshot["as_of"]})
    assert again.json() == found.json()
    assert again.headers["Cache-Control"] == IMMUTABLE
    assert again.headers["ETag"] == found.headers["ETag"]


def test_a_copy_is_good_until_the_next_commit(
    http: httpx.Client, client: Client, patients: Query[Any], datasource: str
) -> None:
    body = {"plan": plan_of(patients)}
    etag = http.post("/count", json=body).headers["ETag"]
    for known in (etag, f'"other", W/{etag}', "*"):
        kept = http.post("/count", json=body, headers={"If-None-Match": known})
        assert (kept.status_code, kept.content, kept.headers["ETag"]) == (304, b"", etag)
    assert http.post("/count", json=body, headers={"If-None-Match": '"other"'}).status_code == 200
    client.patients.create(
        PatientCreate(identifier=f"{datasource[11:]}-new", parent_identifier=datasource, license="CC BY 4.0")
    )
    found = http.post("/count", json=body, headers={"If-None-Match": etag})
    assert (found.status_code, found.json()["count"]) == (200, 6)
    assert found.headers["ETag"] != etag


def test_what_a_count_leaves_out_must_be_right_too(http: httpx.Client) -> None:
    found = http.post("/count", json={"type": "patient", "order_by": ["-sexx"]})
    assert (found.status_code, found.json()["code"]) == (400, "UNKNOWN_FIELD")
    assert "Did you mean sex?" in found.json()["message"]
