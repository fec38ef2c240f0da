"""The CDA API over HTTP: paths, pages, errors and their statuses, and what happens to those who leave."""

from __future__ import annotations

import json
import re
import socket
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.cohorts.example import EXAMPLE
from tests.server.support import until
from vxdata.schemas.identity import EVERYTHING
from vxdata.schemas.wire import TIMEOUT
from vxdata.server.app import Server
from vxdata.server.catalog_settings import CatalogSettings
from vxdata.server.config import Settings
from vxdata.server.database.pool import ConnectionPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic import SecretStr

SUBJECTS = "/data/subject"
OPERATIONS = {
    ("/data/subject", "post"): "subject_fetch_rows_endpoint_data_subject_post",
    ("/data/file", "post"): "file_fetch_rows_endpoint_data_file_post",
    ("/summary/subject", "post"): "subject_summary_endpoint_summary_subject_post",
    ("/summary/file", "post"): "file_summary_endpoint_summary_file_post",
    ("/columns/", "get"): "columns_endpoint_columns__get",
    ("/column_values/{column}", "post"): "column_values_endpoint_column_values__column__post",
    ("/release_metadata/", "get"): "release_metadata_endpoint_release_metadata__get",
}
MODELS = (
    "DataRequestBody SummaryRequestBody PagedResponseObj SummaryResponseObj ColumnResponseObj "
    "ColumnValuesResponseObj ReleaseMetadataObj ClientError InternalError HTTPValidationError"
)


class TestPaths:
    @pytest.mark.parametrize("path", ["/columns", "/columns/", "/release_metadata", "/release_metadata/"])
    def test_lists_answer_with_and_without_a_slash(self, http: httpx.Client, path: str) -> None:
        answer = http.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
        assert len(answer.json()["result"]) > 2

    @pytest.mark.parametrize("path", ["/data/file/", "/summary/subject/", "/column_values/sex/"])
    def test_questions_answer_with_a_slash_too(self, http: httpx.Client, path: str) -> None:
        assert http.post(path, json={}).status_code == 200

    def test_columns(self, http: httpx.Client) -> None:
        columns = http.get("/columns/").json()["result"]
        by_name = {column["column"]: column for column in columns}
        assert by_name["species"] == {
            "table": "subject",
            "column": "species",
            "data_type": "text",
            "nullable": True,
            "description": "Common name.",
        }
        assert by_name["anatomic_site"]["table"] == "file"
        assert {column["data_type"] for column in columns} <= {"text", "integer", "bigint", "boolean"}

    def test_release_metadata(self, http: httpx.Client) -> None:
        rows = http.get("/release_metadata/").json()["result"]
        assert {"cda_table": "subject", "cda_column": "species", "data_source": "GDC"} in rows
        assert len(rows) == 3

    @pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("GET", SUBJECTS, 405)])
    def test_what_is_not_there(self, http: httpx.Client, method: str, path: str, status: int) -> None:
        answer = http.request(method, path)
        assert answer.status_code == status
        assert set(answer.json()) == {"detail", "error_type", "message"}

    @pytest.mark.parametrize("path", ["/other/columns/", "/cda/column_values/%0A"])
    def test_a_path_that_leads_to_no_catalog(self, cda_server: Server, path: str) -> None:
        answer = httpx.get(f"{cda_server.http_url}{path}", trust_env=False)
        assert answer.status_code == 404
        assert set(answer.json()) == {"detail", "error_type", "message"}


class TestDocument:
    def test_operations_and_models(self, http: httpx.Client) -> None:
        document = http.get("/openapi.json").json()
        found = {
            (path, method): operation["operationId"]
            for path, operations in document["paths"].items()
            for method, operation in operations.items()
        }
        assert found == OPERATIONS
        assert set(MODELS.split()) <= set(document["components"]["schemas"])
        for path, method in OPERATIONS:
            operation = document["paths"][path][method]
            assert operation["tags"] == [path.split("/")[1]]
            assert TIMEOUT in {parameter["name"] for parameter in operation["parameters"]}
            assert "504" in operation["responses"]
            if method == "post":
                assert {"200", "400", "422", "500"} <= set(operation["responses"])

    def test_its_references_lead_somewhere(self, http: httpx.Client) -> None:
        document = http.get("/openapi.json").text
        named = set(re.findall(r'"#/components/schemas/(\w+)"', document))
        assert named <= set(json.loads(document)["components"]["schemas"])

    @pytest.mark.parametrize("page", ["/docs", "/redoc"])
    def test_pages_need_no_network(self, http: httpx.Client, page: str) -> None:
        text = http.get(page).text
        sources = re.findall(r'(?:src|href)="([^"]+)"', text)
        assert sources
        assert not re.search(r"https?://", text)
        for source in sources:
            answer = http.get(f"/{source}")
            assert answer.status_code == 200
            assert answer.content

    def test_the_catalog_itself_leads_to_its_pages(self, http: httpx.Client) -> None:
        answer = http.get("/?a=b")
        assert (answer.status_code, answer.headers["location"]) == (307, "docs?a=b")


class TestBodies:
    @pytest.mark.parametrize(
        "body",
        [
            {},
            dict.fromkeys(
                (
                    "MATCH_ALL",
                    "MATCH_SOME",
                    "ADD_COLUMNS",
                    "EXCLUDE_COLUMNS",
                    "SEARCH_LIST",
                    "COLLATE_RESULTS",
                )
            ),
            {"SEARCH_LIST": [], "EXTERNAL_REFERENCE": False},
        ],
    )
    def test_nothing_said_means_everything(self, http: httpx.Client, body: dict[str, Any]) -> None:
        assert http.post(SUBJECTS, json=body).json()["total_row_count"] == 4

    def test_either_name_of_some(self, http: httpx.Client) -> None:
        body = {"MATCH_SOME": ["species = dog"], "MATCH_ANY": ["subject_id = s0"]}
        rows = http.post(SUBJECTS, json=body).json()["result"]
        assert [row["subject_id"] for row in rows] == ["S0", "S2"]

    def test_a_range_among_some_has_to_hold_as_a_whole(self, http: httpx.Client) -> None:
        body = {"MATCH_SOME": ["1940 < year_of_birth < 1955", "species = dog"]}
        rows = http.post(SUBJECTS, json=body).json()["result"]
        assert [row["subject_id"] for row in rows] == ["S0", "S2"]

    @pytest.mark.parametrize(
        ("content", "kind", "place"),
        [
            ('{"MATCH_AL": []}', "extra_forbidden", ["body", "MATCH_AL"]),
            ('{"MATCH_ALL": [1]}', "string_type", ["body", "MATCH_ALL", 0]),
            ('{"MATCH_ALL": "x"}', "list_type", ["body", "MATCH_ALL"]),
            ("[]", "model_type", ["body"]),
            ("{", "json_invalid", ["body"]),
            ("", "missing", ["body"]),
            ('{"COLLATE_RESULTS": "perhaps"}', "bool_parsing", ["body", "COLLATE_RESULTS"]),
            ('{"MATCH_ALL": ["\\ud800"]}', "json_invalid", ["body"]),
            ('{"MATCH_ALL": NaN}', "list_type", ["body", "MATCH_ALL"]),
            ('{"COLLATE_RESULTS": [1, {"a": Infinity}]}', "bool_type", ["body", "COLLATE_RESULTS"]),
        ],
    )
    def test_what_has_another_form(
        self, http: httpx.Client, content: str, kind: str, place: list[Any]
    ) -> None:
        answer = http.post(SUBJECTS, content=content)
        assert answer.status_code == 422
        (problem,) = answer.json()["detail"]
        assert (problem["type"], problem["loc"]) == (kind, place)
        assert {"msg", "input"} <= set(problem)

    @pytest.mark.parametrize("query", ["limit=-1", "offset=-1", "limit=x", f"limit={2**63}"])
    def test_parameters_of_another_form(self, http: httpx.Client, query: str) -> None:
        answer = http.post(f"{SUBJECTS}?{query}", json={})
        assert answer.status_code == 422
        assert answer.json()["detail"][0]["loc"] == ["query", query.partition("=")[0]]

    def test_many_thousand_filters(self, http: httpx.Client) -> None:
        body = {"MATCH_SOME": [f"subject_id = S{number}" for number in range(20_000)]}
        assert http.post(SUBJECTS, json=body).json()["total_row_count"] == 4

    def test_too_many_filters(self, http: httpx.Client) -> None:
        body = {"MATCH_ALL": [f"diagnosis like *{number}*" for number in range(5_000)]}
        for path in (SUBJECTS, "/summary/file"):
            answer = http.post(path, json=body)
            assert (answer.status_code, answer.json()["error_type"]) == (413, "LimitExceeded")
            assert answer.json()["details"] == {"limit": 1_000, "found": 5_000}

    def test_too_large(self, example_uri: SecretStr) -> None:
        catalogs = {"cda": CatalogSettings(uri=example_uri, schema_name="cda")}
        settings = Settings(port=0, http_port=0, catalogs=catalogs, message_bytes=1024**2)
        with Server(settings) as server:
            body = {"MATCH_ALL": [f"subject_id = {'x' * 1024**2}"]}
            answer = httpx.post(f"{server.http_url}/cda{SUBJECTS}", json=body, trust_env=False, timeout=30)
        assert answer.status_code == 413
        assert answer.json()["error_type"] == "LimitExceeded"
        assert "VXDATA_MESSAGE_BYTES" in answer.json()["message"]


class TestErrors:
    @pytest.mark.parametrize(
        ("path", "body", "name", "message"),
        [
            (SUBJECTS, {"MATCH_ALL": ["x"]}, "ParsingError", 'Unable to parse out operator in filter: "x"'),
            (SUBJECTS, {"MATCH_ALL": ["Nope = 1"]}, "ColumnNotFound", "Column Not Found: nope"),
            (SUBJECTS, {"ADD_COLUMNS": ["Species"]}, "ColumnNotFound", "Column Not Found: Species"),
            (SUBJECTS, {"ADD_COLUMNS": ["nope.*"]}, "TableNotFound", "Table not found: nope"),
            (
                SUBJECTS,
                {"EXCLUDE_COLUMNS": ["subject.*"]},
                "EmptyQueryError",
                "No columns are left to return",
            ),
            (SUBJECTS, {"SEARCH_LIST": ["x"]}, "InvalidSearchError", None),
            (SUBJECTS, {"MATCH_ALL": ["species = 1"]}, "InvalidFilterError", None),
            (SUBJECTS, {"MATCH_ALL": ["species = a\x00b"]}, "InvalidFilterError", None),
            (SUBJECTS, {"MATCH_ALL": ["name is null"]}, "RelationshipError", None),
            ("/data/file", {"EXTERNAL_REFERENCE": True}, "RelationshipNotFound", None),
            ("/summary/file", {"ADD_COLUMNS": ["nope"]}, "ColumnNotFound", None),
            ("/column_values/nope", None, "ColumnNotFound", "Column Not Found: nope"),
            ("/column_values/sex?data_source=XYZ", None, "SystemNotFound", "system: XYZ - not found"),
        ],
    )
    def test_what_is_refused(
        self, http: httpx.Client, path: str, body: dict[str, Any] | None, name: str, message: str | None
    ) -> None:
        answer = http.post(path, json=body)
        found = answer.json()
        assert (answer.status_code, found["error_type"]) == (400, name)
        assert found["message"] == message or message is None
        assert "SELECT" not in answer.text

    def test_a_message_repeats_all_that_the_caller_wrote(self, http: httpx.Client) -> None:
        filter_ = f"x{'é' * 2000}"
        found = http.post(SUBJECTS, json={"MATCH_ALL": [filter_]}).json()
        assert found["message"] == f'Unable to parse out operator in filter: "{filter_}"'

    def test_a_catalog_that_is_away(self) -> None:
        uri = "postgresql://me:s3kret@127.0.0.1:1/x"
        catalogs: Any = {"cda": {"uri": uri}}
        with Server(Settings(port=0, http_port=0, catalogs=catalogs)) as server:
            answer = httpx.get(f"{server.http_url}/cda/columns/", trust_env=False, timeout=30)
        assert (answer.status_code, answer.json()["error_type"]) == (503, "DatabaseConnectionDrop")
        assert "message" in answer.json()
        assert answer.headers["retry-after"] == "1"
        assert "s3kret" not in answer.text


class TestPages:
    def walk(self, http: httpx.Client, path: str, body: dict[str, Any] | None) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        url = path
        while url:
            answer = http.post(url, json=body).json()
            rows += answer["result"]
            url = answer["next_url"]
        return rows

    def test_pages_give_each_row_once(self, http: httpx.Client) -> None:
        rows = self.walk(http, f"{SUBJECTS}?limit=1", {"ADD_COLUMNS": ["file_type"]})
        assert [row["subject_id"] for row in rows] == ["S0", "S1", "S2", "S3"]

    def test_the_next_page_is_an_absolute_address(self, http: httpx.Client, cda_server: Server) -> None:
        answer = http.post(f"{SUBJECTS}?limit=2&x=y", json={}).json()
        assert answer["next_url"] == f"{cda_server.http_url}/cda{SUBJECTS}?limit=2&x=y&offset=2"
        assert answer["total_row_count"] == 4

    @pytest.fixture
    def any_name(self, example_uri: SecretStr) -> Iterator[httpx.Client]:
        """A client of a server that answers to any name."""
        catalogs = {"cda": CatalogSettings(uri=example_uri, schema_name="cda")}
        settings = Settings(port=0, http_port=0, catalogs=catalogs, grace=5, http_hosts=("*",))
        with (
            Server(settings) as running,
            httpx.Client(base_url=f"{running.http_url}/cda", trust_env=False) as client,
        ):
            yield client

    def test_the_next_page_of_a_request_to_a_malformed_host(self, any_name: httpx.Client) -> None:
        for host in ("[", "a b", 'a"<b>', "me@there", "there:port", "a/b", "[::1", "é"):
            answer = any_name.post(f"{SUBJECTS}?limit=2", json={}, headers={b"Host": host.encode()})
            assert answer.json()["next_url"] == f"/cda{SUBJECTS}?limit=2&offset=2", host

    def test_an_address_that_is_no_text(self, cda_server: Server) -> None:
        address = urlsplit(cda_server.http_url)
        with socket.create_connection((address.hostname, address.port)) as client:
            head = b"POST /cda/data/subject?limit=2&x=\xff HTTP/1.1\r\nHost: [::1]\r\nConnection: close\r\n"
            client.sendall(head + b"Content-Length: 2\r\n\r\n{}")
            answer = b"".join(iter(lambda: client.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 400 "), answer

    def test_behind_the_end(self, http: httpx.Client) -> None:
        answer = http.post(f"{SUBJECTS}?limit=2&offset=50", json={}).json()
        assert (answer["result"], answer["total_row_count"], answer["next_url"]) == ([], 4, "")

    def test_no_rows_and_the_count(self, http: httpx.Client) -> None:
        answer = http.post(f"{SUBJECTS}?limit=0", json={"MATCH_ALL": ["species = human"]}).json()
        assert (answer["result"], answer["total_row_count"], answer["next_url"]) == ([], 2, "")

    def test_values(self, http: httpx.Client) -> None:
        answer = http.post("/column_values/species").json()
        assert answer["result"][-1] == {"species": None, "value_count": 1}
        assert (answer["total_row_count"], answer["next_url"], len(answer["result"])) == (4, None, 4)
        assert self.walk(http, "/column_values/species?limit=3", None) == answer["result"]
        of_source = http.post("/column_values/anatomic_site?data_source=gdc,GDC").json()["result"]
        assert of_source == [
            {"anatomic_site": "brain", "value_count": 1},
            {"anatomic_site": "lung", "value_count": 1},
        ]

    def test_the_statement_is_shown_without_values(self, http: httpx.Client) -> None:
        found = http.post(SUBJECTS, json={"MATCH_ALL": ["species = s3kret"]}).json()["query_sql"]
        assert "filtered_preselect" in found
        assert "s3kret" not in found.lower()


class TestStreams:
    """A catalog with many subjects, whose pages do not fit into one batch."""

    @pytest.fixture(scope="class")
    @classmethod
    def large(cls, new_database: Callable[[], SecretStr]) -> SecretStr:
        uri = new_database()
        with closing(ConnectionPool(uri, size=1)) as pool, pool.connection() as connection:
            connection.execute(*EXAMPLE.statements("cda"))
            connection.execute(
                "INSERT INTO cda.subject SELECT n, 'T' || n, repeat('x', 200), 1900, true, false "
                "FROM generate_series(10, 60009) n"
            )
        return uri

    @pytest.fixture(scope="class")
    @classmethod
    def streaming(cls, large: SecretStr) -> Iterator[Server]:
        catalogs = {"cda": CatalogSettings(uri=large, schema_name="cda")}
        settings = Settings(port=0, http_port=0, catalogs=catalogs, pool_size=2, grace=5)
        with Server(settings) as server:
            yield server

    @pytest.mark.parametrize("add", [[], ["file_type", "sex"]])
    def test_a_page_comes_in_pieces(self, streaming: Server, add: list[str]) -> None:
        url = f"{streaming.http_url}/cda{SUBJECTS}?limit=500000"
        with httpx.stream("POST", url, json={"ADD_COLUMNS": add}, trust_env=False, timeout=60) as answer:
            assert answer.headers["transfer-encoding"] == "chunked"
            content = b"".join(answer.iter_bytes())
        found = json.loads(content)
        assert found["total_row_count"] == len(found["result"]) == 60_004
        assert len({row["subject_id"] for row in found["result"]}) == 60_004
        assert found["next_url"] == ""

    def test_a_caller_that_leaves_frees_its_connection(self, streaming: Server) -> None:
        address = urlsplit(streaming.http_url)
        body = b"{}"
        head = f"POST /cda{SUBJECTS}?limit=500000 HTTP/1.1\r\nHost: [::1]\r\n"
        request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        for _ in range(4):  # twice as often as there are connections
            with socket.create_connection((address.hostname, address.port)) as client:
                client.sendall(request)
                assert client.recv(1000).startswith(b"HTTP/1.1 200 OK")
        until(lambda: streaming.admission.in_progress == 0, "the calls have ended")
        answer = httpx.post(f"{streaming.http_url}/cda{SUBJECTS}", json={}, trust_env=False, timeout=30)
        assert answer.status_code == 200

    def test_a_caller_that_leaves_before_the_first_byte_has_its_statement_cancelled(
        self, streaming: Server, large: SecretStr
    ) -> None:
        """A lock on the table of subjects makes its statement wait for as long as the test wants."""
        address = urlsplit(streaming.http_url)
        request = b"POST /cda/summary/subject HTTP/1.1\r\nHost: [::1]\r\nContent-Length: 2\r\n\r\n{}"
        with closing(ConnectionPool(large, size=1)) as pool, pool.connection() as locking:
            locking.execute("BEGIN", "LOCK TABLE cda.subject")
            with socket.create_connection((address.hostname, address.port)) as client:
                client.sendall(request)
                waiting = "SELECT count(*) AS n FROM pg_locks WHERE NOT granted"
                until(lambda: locking.rows(waiting)[0]["n"] == 1, "the statement waits")
            until(lambda: locking.rows(waiting)[0]["n"] == 0, "the statement is cancelled")
            locking.rollback()
        until(lambda: streaming.admission.in_progress == 0, "the call has ended")

    @pytest.mark.parametrize("path", [SUBJECTS, "/summary/subject", "/column_values/species"])
    def test_a_caller_may_say_how_long_it_waits(self, streaming: Server, large: SecretStr, path: str) -> None:
        with closing(ConnectionPool(large, size=1)) as pool, pool.connection() as locking:
            locking.execute("BEGIN", "LOCK TABLE cda.subject")
            url = f"{streaming.http_url}/cda{path}"
            answer = httpx.post(url, json={}, headers={TIMEOUT: "0.3"}, trust_env=False, timeout=30)
            waiting = "SELECT count(*) AS n FROM pg_locks WHERE NOT granted"
            until(lambda: locking.rows(waiting)[0]["n"] == 0, "the statement is cancelled")
            locking.rollback()
        assert (answer.status_code, answer.json()["error_type"]) == (504, "RequestTimedOut")
        assert answer.json()["message"] == "The deadline of the call has passed."

    @pytest.mark.parametrize("seconds", ["soon", "-1", "0", "nan"])
    def test_a_timeout_that_is_none(self, http: httpx.Client, seconds: str) -> None:
        answer = http.post(SUBJECTS, json={}, headers={TIMEOUT: seconds})
        assert (answer.status_code, answer.json()["error_type"]) == (400, "InvalidRequest")

    def test_too_many_calls_of_one_caller(self, large: SecretStr) -> None:
        catalogs = {"cda": CatalogSettings(uri=large, schema_name="cda")}
        settings = Settings(
            port=0, http_port=0, catalogs=catalogs, pool_size=1, max_calls_each=1, pool_wait=20, grace=5
        )
        with Server(settings) as server:
            url = f"{server.http_url}/cda{SUBJECTS}"
            pool = server._services.catalogs.seen_by(EVERYTHING)["cda"].loaded.database
            answers: list[int] = []

            def ask() -> None:
                answers.append(httpx.post(url, json={}, trust_env=False, timeout=30).status_code)

            waiting = threading.Thread(target=ask)
            with pool.connection():
                waiting.start()
                until(lambda: server.admission.in_progress == 1, "a call waits")
                refused = httpx.post(url, json={}, trust_env=False, timeout=30)
            waiting.join()
        assert (refused.status_code, refused.json()["error_type"]) == (429, "ServerBusy")
        assert answers == [200]

    def test_health_is_answered_while_all_connections_are_taken(self, streaming: Server) -> None:
        pool = streaming._services.catalogs.seen_by(EVERYTHING)["cda"].loaded.database
        with pool.connection(), pool.connection():
            assert httpx.get(f"{streaming.http_url}/readyz", trust_env=False).status_code == 200


@pytest.mark.parametrize(
    "body",
    [json.dumps({f"k{number}": 1 for number in range(50_000)}), '{"SEARCH_LIST": [' + 100_000 * "1," + "1]}"],
)
def test_a_bad_body_gets_a_short_answer(http: httpx.Client, body: str) -> None:
    answer = http.post("/data/subject", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert len(answer.content) < 10_000
