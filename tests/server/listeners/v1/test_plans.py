"""`/v1/plans`: one question in every form, each of which asks the same; mistakes have a place."""

from __future__ import annotations

import json
import shlex
import subprocess
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from pydantic_core import from_json
from starlette.requests import Request

from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.plan import Plan, encode
from vxdata.sdk import F, count
from vxdata.server.listeners.http.v1.plans import addresses, described

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from vxdata.sdk import Client, Query
    from vxdata.server.app import Server


@pytest.fixture
def queries(client: Client) -> list[Query[Any]]:
    return [
        client.volumes.query().filter(F.b_value < 3.5, F.volume_type == "T2").limit(10),
        client.volumes.query().history().filter(F.deleted.is_in([True])).as_of("2026-01-02T00:00:00Z"),
        client.patients.query().group_by("sex").agg(count()).filter(F.count > 2),
    ]


def plan_of(query: Query[Any]) -> dict[str, Any]:
    return dict(from_json(encode(query.plan)))


def test_every_form_of_a_question_says_the_same(http: httpx.Client, queries: list[Query[Any]]) -> None:
    for query in queries:
        answer = http.post("/plans", json={"plan": plan_of(query)})
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert (found["digest"], found["text"]) == (query.digest, repr(query))
        assert found["plan"] == json.loads(found["code"]["plan"]) == plan_of(query)
        assert [column["name"] for column in found["columns"]] == query.columns
        assert found["is_pinned"] is (query.plan.as_of is not None)
        assert http.post("/plans", json={"text": found["text"]}).json() == found
    by_parts = {"type": "volume", "filter": "F.volume_type == 'T2', F.b_value < 3.5", "limit": 10}
    found = http.post("/plans", json=by_parts).json()
    assert found["digest"] == queries[0].digest
    again = http.post("/plans", json={**by_parts, "filter": found["filter"]}).json()
    assert again == found
    assert http.post("/plans", json={"type": "volume", "filter": " "}).json()["filter"] == ""


def test_programs_name_the_addresses_of_the_server(http: httpx.Client, server: Server) -> None:
    code = http.post("/plans", json={"type": "volume"}).json()["code"]
    assert f"client = Client({server.flight_url!r})" in code["sdk"]
    assert f"client = PlatformClient({server.flight_url!r})" in code["vxp_client"]
    assert f"{server.http_url}/v1/query?format=csv" in code["curl"]


def test_programs_run_as_they_stand(http: httpx.Client, datasource: str, tmp_path: Path) -> None:
    question = {
        "text": f"client.data_sources.query().filter(F.identifier == {datasource!r}).select('identifier')"
    }
    code = http.post("/plans", json=question).json()["code"]
    for program in (code["sdk"], code["vxp_client"]):
        names: dict[str, Any] = {}
        exec(program, names)  # noqa: S102 - that users run it is what it is for
        assert names["frame"].to_series().to_list() == [datasource]
        names["client"].close()
    subprocess.run(["sh", "-c", code["curl"]], check=True, cwd=tmp_path)  # noqa: S607 - any shell
    written = tmp_path / "datasource.csv"
    assert pl.read_csv(written)["identifier"].to_list() == [datasource]


@pytest.mark.parametrize("host", ["a';id;'", "[", "", "a b", "x:1:2", '"', "ä", "$(id)", "[::1]:8816", "a\\"])
def test_a_strange_host_harms_no_program(host: str) -> None:
    """Servers that listen beyond loopback take any name."""
    headers = [(b"host", host.encode())]
    scope = {"type": "http", "scheme": "http", "path": "/", "server": ("::1", 8816), "headers": headers}
    plan = Plan(relation="volume")
    code = described(plan, default_catalog(), *addresses(Request(scope), "grpc", 8815)).code
    compile(code.sdk, "sdk", "exec")
    compile(code.vxp_client, "vxp_client", "exec")
    assert len(shlex.split(code.curl.replace("\\\n", ""))) == 11
    if host.startswith("[:"):
        assert "Client('grpc://[::1]:8815')" in code.sdk


@pytest.mark.parametrize(
    ("question", "code", "line", "column", "told"),
    [
        ({"text": "client.volumes.query()\n.limt(3)"}, "QUERY_SYNTAX_ERROR", 2, 2, "Did you mean limit"),
        (
            {"text": "client.volumes.query().filter(F.b_valu > 1)"},
            "UNKNOWN_FIELD",
            1,
            31,
            "Did you mean b_value",
        ),
        (
            {"type": "volume", "filter": "F.b_value > 1 and F.b_value < 3"},
            "QUERY_SYNTAX_ERROR",
            1,
            1,
            "with & and |",
        ),
        ({"type": "volume", "filter": "F.b_value > 'x'"}, "FIELD_TYPE_MISMATCH", 1, 1, "cannot be compared"),
    ],
)
def test_a_mistake_is_told_with_its_place(
    http: httpx.Client, question: dict[str, str], code: str, line: int, column: int, told: str
) -> None:
    for route in ("/plans", "/count", "/query"):
        answer = http.post(route, json=question)
        assert answer.status_code == 400
        error = answer.json()
        assert (error["code"], error["details"]["line"], error["details"]["column"]) == (code, line, column)
        assert told in error["message"]
        assert "hint" in error["details"]


def test_unlikely_conditions_are_told(http: httpx.Client) -> None:
    filters = (
        "~(F.volume_type == 'T22') & (F.b_value > 1)"
        " & F.image_plane.is_in(['sagittal', 'level']) & F.identifier.startswith('DA')"
        " & F.parent_identifier.is_in(client.patients.query().filter(F.sex == 'N').select('identifier'))"
    )
    found = http.post("/plans", json={"type": "volume", "filter": filters}).json()["unlikely"]
    told = [(each["relation"], each["field"], each["op"], each["values"]) for each in found]
    assert told == [
        ("volume", "volume_type", "==", ["T22"]),
        ("volume", "image_plane", "is_in", ["level"]),
        ("volume", "identifier", "startswith", ["DA"]),
        ("patient", "sex", "==", ["N"]),
    ]
    assert found[0]["message"] == "volume_type is never 'T22'. Did you mean T2?"
    likely = {"type": "volume", "filter": "F.volume_type == 'T2'"}
    assert http.post("/plans", json=likely).json()["unlikely"] == []
