"""Comparisons over HTTP: of what two instants have, by commits that are known, and by conditions."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic_core import from_json

from vxdata.schemas.create import DataSourceCreate, PatientCreate
from vxdata.schemas.plan import encode
from vxdata.schemas.update import PatientUpdate
from vxdata.sdk import F, has_ancestor

if TYPE_CHECKING:
    import httpx

    from vxdata.sdk import Client, Query


@dataclass(frozen=True)
class Past:
    """Patients, and two instants of their past."""

    source: str
    patients: Query[Any]
    since: str
    until: str

    def name(self, number: int) -> str:
        return f"patient/{self.source.removeprefix('datasource/')}-{number}"


@pytest.fixture(scope="module")
def past(client: Client) -> Past:
    """Five patients; then one goes, one comes, one changes, and one changes and is as before."""
    unique = secrets.token_hex(6)
    source = f"datasource/{unique}"
    client.data_sources.create(DataSourceCreate(identifier=source, license="x"))

    def create(*numbers: int) -> None:
        client.patients.create(
            [
                PatientCreate(identifier=f"{unique}-{each}", parent_identifier=source, license="x", sex="F")
                for each in numbers
            ]
        )

    create(0, 1, 2, 3, 4)
    since = client.now().as_of
    client.resources.delete(f"patient/{unique}-0")
    create(5)
    client.patients.update(f"{unique}-1", PatientUpdate(sex="M"))
    client.patients.update(f"{unique}-2", PatientUpdate(birth_year=1950))
    client.patients.update(f"{unique}-2", PatientUpdate(birth_year=None))
    until = client.now().as_of
    client.patients.update(f"{unique}-3", PatientUpdate(sex="M"))
    patients = client.patients.query().filter(F.datasource_id == source)
    return Past(source, patients, since.isoformat(), until.isoformat())


def compared(http: httpx.Client, past: Past, query: Query[Any], **options: Any) -> Any:
    question = {"plan": from_json(encode(query.plan))}
    body = {"question": question, "since": past.since, "until": past.until, **options}
    found = http.post("/compare", json=body)
    assert found.status_code == 200, found.text
    return found.json()


def test_each_kind_of_difference_is_told(http: httpx.Client, past: Past) -> None:
    found = compared(http, past, past.patients.limit(1))
    assert (found["added"], found["changed"], found["gone"]) == (1, 2, 1)
    rows = {row["identifier"]: row for row in found["rows"]}
    assert {name: row["change"] for name, row in rows.items()} == {
        past.name(0): "gone",
        past.name(1): "changed",
        past.name(2): "changed",
        past.name(5): "added",
    }
    assert list(rows) == sorted(rows)
    assert rows[past.name(1)]["fields"] == {"sex": ["F", "M"]}
    assert rows[past.name(2)]["fields"] == {}
    assert rows[past.name(5)]["fields"]["sex"] == [None, "F"]
    assert rows[past.name(0)]["fields"]["sex"] == ["F", None]
    assert found["since"]["version"] < found["until"]["version"]


def test_a_condition_decides_at_each_instant(http: httpx.Client, past: Past) -> None:
    women = compared(http, past, past.patients.filter(F.sex == "F"))
    assert (women["added"], women["changed"], women["gone"]) == (1, 1, 2)
    changed = next(row for row in women["rows"] if row["identifier"] == past.name(1))
    assert (changed["change"], changed["fields"]) == ("gone", {"sex": ["F", "M"]})
    men = compared(http, past, past.patients.filter(F.sex == "M"))
    assert [(row["identifier"], row["change"]) for row in men["rows"]] == [(past.name(1), "added")]


def test_conditions_on_other_rows_are_compared_whole(http: httpx.Client, client: Client, past: Past) -> None:
    below = client.patients.query().filter(has_ancestor(past.source))
    assert compared(http, past, below) == compared(http, past, past.patients)
    of_all_types = client.resources.query().filter(F.datasource_id == past.source)
    assert compared(http, past, of_all_types)["added"] == 1


def test_few_rows_are_told_and_all_are_counted(http: httpx.Client, past: Past) -> None:
    found = compared(http, past, past.patients, limit=1)
    assert [row["identifier"] for row in found["rows"]] == [past.name(0)]
    assert found["changed"] == 2
    assert compared(http, past, past.patients, limit=0)["rows"] == []


def test_nothing_differs_where_nothing_was_written(http: httpx.Client, past: Past) -> None:
    found = compared(http, past, past.patients, since=past.until)
    assert (found["added"], found["changed"], found["gone"], found["rows"]) == (0, 0, 0, [])


def test_the_last_commit_is_compared_with_by_default(http: httpx.Client, past: Past) -> None:
    body = {"question": {"plan": from_json(encode(past.patients.plan))}, "since": past.until}
    found = http.post("/compare", json=body)
    assert [row["identifier"] for row in found.json()["rows"]] == [past.name(3)]
    again = http.post("/compare", json=body, headers={"If-None-Match": found.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"question": {"type": "commit"}}, "commit has no history"),
        ({"since": "yesterday"}, "is no instant"),
        ({"since": (datetime.now(UTC) + timedelta(days=1)).isoformat()}, "future"),
        ({"question": {"text": "client.patients.query().group_by('sex').agg(count())"}}, "groups already"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    http: httpx.Client, past: Past, changed: dict[str, Any], told: str
) -> None:
    body = {"question": {"type": "patient"}, "since": past.since, **changed}
    found = http.post("/compare", json=body)
    assert found.status_code == 400
    assert told in found.json()["message"]


def test_the_earlier_instant_comes_first(http: httpx.Client, past: Past) -> None:
    body = {"question": {"type": "patient"}, "since": past.until, "until": past.since}
    found = http.post("/compare", json=body)
    assert (found.status_code, found.json()["code"]) == (400, "INVALID_REQUEST")
    assert "comes after" in found.json()["message"]
