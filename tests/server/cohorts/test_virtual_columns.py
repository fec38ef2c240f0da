"""Virtual columns of tables that are no endpoints: lists of their own, and lists within records."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.cohorts.example import EXAMPLE
from vxdata.schemas.errors import RelationshipNotFound
from vxdata.sdk import Client
from vxdata.server.app import Server
from vxdata.server.catalog_settings import CatalogSettings
from vxdata.server.config import Settings
from vxdata.server.database.pool import ConnectionPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic import SecretStr

STATEMENTS = (
    "CREATE TABLE cda.project_tag (project_alias bigint NOT NULL REFERENCES cda.project, tag text)",
    "INSERT INTO cda.project_tag VALUES (0, 'red'), (0, 'blue'), (0, 'red'), (0, NULL)",
    "CREATE TABLE cda.remark (subject_alias bigint NOT NULL REFERENCES cda.subject, remark text)",
    "INSERT INTO cda.remark VALUES (0, 'odd')",
    """INSERT INTO cda.column_metadata (cda_table, cda_column, data_returns, virtual_table) VALUES
        ('project_tag', 'tag', true, 'project'), ('remark', 'remark', true, 'observation')""",
)
RECORDS = [
    {"project_id": "P0", "project_type": "program", "name": "alpha", "tag": ["blue", "red"]},
    {"project_id": "P1", "project_type": "project", "name": "beta", "tag": []},
]


@pytest.fixture(scope="module")
def server(new_database: Callable[[], SecretStr]) -> Iterator[Server]:
    uri = new_database()
    with closing(ConnectionPool(uri, size=1)) as pool, pool.connection() as connection:
        connection.execute(*EXAMPLE.statements("cda"), *STATEMENTS)
    catalogs = {"cda": CatalogSettings(uri=uri, schema_name="cda")}
    with Server(Settings(port=0, http_port=0, catalogs=catalogs, grace=5)) as running:
        yield running


def rows(server: Server, **body: Any) -> Any:
    url = f"{server.http_url}/cda/data/subject"
    return httpx.post(url, json=body, trust_env=False).json()["result"]


def test_as_lists(server: Server) -> None:
    found = rows(server, ADD_COLUMNS=["tag"])
    assert [row["tag"] for row in found] == [["blue", "red"], [], [], []]


def test_within_records(server: Server) -> None:
    found = rows(server, ADD_COLUMNS=["project.*"], COLLATE_RESULTS=True)
    assert [row["project_columns"] for row in found] == [RECORDS, RECORDS[1:], None, None]


def test_in_frames(server: Server) -> None:
    with Client(server.flight_url) as client:
        found = client.catalog("cda").subjects.nest("project").collect()
    assert found["project_columns"].to_list() == [RECORDS, RECORDS[1:], None, None]


def test_a_table_that_does_not_refer_to_the_one_that_shows_it(server: Server) -> None:
    assert rows(server, ADD_COLUMNS=["remark"])[0]["remark"] == ["odd"]
    url = f"{server.http_url}/cda/data/subject"
    body = {"ADD_COLUMNS": ["observation.*"], "COLLATE_RESULTS": True}
    answer = httpx.post(url, json=body, trust_env=False)
    assert (answer.status_code, answer.json()["error_type"]) == (400, "RelationshipNotFound")
    with (
        Client(server.flight_url) as client,
        pytest.raises(RelationshipNotFound, match="observation and remark"),
    ):
        client.catalog("cda").subjects.nest("observation").collect()
