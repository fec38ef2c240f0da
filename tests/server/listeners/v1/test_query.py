"""Rows over HTTP: headers, copies, streams that are cut, callers that go, and those that read slowly."""

from __future__ import annotations

import http.client
import io
import socket
from typing import TYPE_CHECKING, Any, Final

import httpx
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from tests.server.support import until
from vxdata.schemas.create import DataSourceCreate
from vxdata.schemas.wire import AS_OF_KEY, VERSION_KEY
from vxdata.sdk import Client
from vxdata.server.app import Server
from vxdata.server.database.errors import ConnectionLost
from vxdata.server.database.pool import Lane

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pydantic import SecretStr

    from vxdata.server.config import Settings

ROWS: Final = 60_000
POOL: Final = 2


@pytest.fixture(scope="module")
def own(settings: Settings, database_uri: SecretStr) -> Iterator[Server]:
    """A server over a database of its own with 60,000 patients; it keeps no results."""
    changes = {"database_uri": database_uri, "cache_dir": None, "pool_size": POOL}
    with Server(settings.model_copy(update=changes)) as running:
        with Client(running.flight_url) as client:
            client.data_sources.create(DataSourceCreate(identifier="http", license="CC BY 4.0"))
            client.patients.create(
                pl.DataFrame({"number": range(ROWS)}).select(
                    identifier=pl.format("{}", "number"),
                    parent_identifier=pl.lit("datasource/http"),
                    license=pl.lit("CC BY 4.0"),
                    external_uid=pl.format("=patient {}", "number"),
                )
            )
        yield running


@pytest.fixture(scope="module")
def api(own: Server, make_http: Callable[[Server], httpx.Client]) -> httpx.Client:
    """A client of `/v1` of that server."""
    return make_http(own)


def free_places(server: Server) -> int:
    return server._services.read._database._places[Lane.STREAM].free


def request_bytes(server: Server, body: str, query: str = "") -> bytes:
    return (
        f"POST /v1/query{query} HTTP/1.1\r\nHost: [::1]\r\nContent-Length: {len(body)}\r\n"
        f"Connection: close\r\n\r\n{body}"
    ).encode()


def connected(server: Server) -> socket.socket:
    host, _, port = server.http_url.removeprefix("http://").partition(":")
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    connection.settimeout(30)
    connection.connect((host, int(port)))
    return connection


ALL: Final = '{"type": "patient"}'


class TestAnswers:
    def test_headers_and_metadata_tell_the_snapshot(self, api: httpx.Client) -> None:
        found = api.post("/query", json={"type": "patient", "limit": 3})
        assert found.headers["Content-Type"] == "application/vnd.apache.arrow.stream"
        table = pa.ipc.open_stream(found.content).read_all()
        metadata = table.schema.metadata
        assert table.num_rows == 3
        assert metadata[AS_OF_KEY].decode().replace("+00:00", "Z") == found.headers["VxData-As-Of"]
        assert metadata[VERSION_KEY].decode() == found.headers["VxData-Version"] == "2"
        assert found.headers["Vary"] == "Accept, Authorization, Cookie"

    def test_files_have_names(self, api: httpx.Client) -> None:
        for form, suffix in (
            ("arrow", "arrows"),
            ("parquet", "parquet"),
            ("csv", "csv"),
            ("ndjson", "ndjson"),
        ):
            found = api.post("/query", json={"type": "patient", "limit": 1}, params={"format": form})
            instant = found.headers["VxData-As-Of"].replace("-", "").replace(":", "")
            told = found.headers["Content-Disposition"]
            assert told == f'attachment; filename="patient-{instant}.{suffix}"'

    def test_the_parts_of_a_question(self, api: httpx.Client) -> None:
        asked = {
            "type": "patient",
            "select": ["identifier", "external_uid"],
            "order_by": ["-external_uid"],
            "limit": 2,
            "offset": 1,
        }
        found = api.post("/query", json=asked, headers={"Accept": "text/csv"})
        assert found.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert found.text == (
            '"identifier","external_uid"\n'
            '"patient/9998","\'=patient 9998"\n'
            '"patient/9997","\'=patient 9997"\n'
        )

    def test_each_format_has_an_etag_of_its_own(self, api: httpx.Client) -> None:
        body = {"type": "patient", "limit": 1}
        asked: list[dict[str, str]] = [
            {"format": "arrow"},
            {"format": "arrow", "codec": "zstd"},
            {"format": "csv"},
            {"format": "parquet"},
        ]
        tags = [api.post("/query", json=body, params=params).headers["ETag"] for params in asked]
        assert len(set(tags)) == len(tags)
        again = [api.post("/query", json=body, params=params).headers["ETag"] for params in asked]
        assert again == tags

    def test_a_copy_is_validated_without_reading_a_row(self, api: httpx.Client, own: Server) -> None:
        etag = api.post("/query", json={"type": "patient"}).headers["ETag"]
        assert etag.startswith('W/"'), "rows without an order can come in another one"
        kept = api.post("/query", json={"type": "patient"}, headers={"If-None-Match": etag})
        assert (kept.status_code, kept.content) == (304, b"")
        until(lambda: free_places(own) == POOL, "the connection came back")

    def test_a_past_instant_can_be_kept_for_ever(self, api: httpx.Client) -> None:
        as_of = api.post("/query", json={"type": "patient", "limit": 1}).headers["VxData-As-Of"]
        found = api.post("/query", json={"type": "patient", "limit": 1, "as_of": as_of})
        assert found.headers["Cache-Control"] == "private, max-age=31536000, immutable"
        assert found.headers["VxData-As-Of"] == as_of

    @pytest.mark.parametrize("form", ["arrow", "csv"])
    def test_the_address_that_always_has_the_answer_is_told(self, api: httpx.Client, form: str) -> None:
        asked = {"type": "patient", "filter": "F.external_uid == '=patient 7'", "order_by": ["identifier"]}
        found = api.post("/query", json=asked, params={"format": form})
        link = found.links["canonical"]["url"]
        again = api.get(link)
        assert again.content == found.content
        assert again.headers["Content-Type"] == found.headers["Content-Type"]
        assert again.headers["VxData-As-Of"] == found.headers["VxData-As-Of"]
        assert again.headers["Cache-Control"].endswith("immutable")
        assert again.links["canonical"]["url"] == link

    def test_no_address_is_told_that_proxies_have_no_room_for(self, api: httpx.Client) -> None:
        asked = {"type": "patient", "filter": f"F.external_uid == '{'x' * 2_000}'"}
        found = api.post("/query", json=asked)
        assert found.status_code == 200
        assert "Link" not in found.headers

    def test_what_is_not_accepted(self, api: httpx.Client) -> None:
        found = api.post("/query", json={"type": "patient"}, headers={"Accept": "image/png"})
        assert (found.status_code, found.json()["code"]) == (406, "UNKNOWN_FORMAT")
        assert "text/csv" in found.json()["details"]["known"]
        unknown = api.post("/query", json={"type": "patient"}, params={"format": "xlsx"})
        assert (unknown.status_code, unknown.json()["code"]) == (400, "INVALID_REQUEST")
        assert "'ndjson'" in unknown.json()["message"]

    @pytest.mark.parametrize("form", ["arrow", "parquet", "csv", "ndjson"])
    def test_long_answers_are_whole(self, api: httpx.Client, form: str) -> None:
        found = api.post(
            "/query", json={"type": "patient", "select": ["identifier"]}, params={"format": form}
        )
        assert "Content-Length" not in found.headers
        content = io.BytesIO(found.content)
        read: dict[str, Callable[[], pl.DataFrame]] = {
            "arrow": lambda: pl.read_ipc_stream(content),
            "parquet": lambda: pl.read_parquet(content),
            "csv": lambda: pl.read_csv(content),
            "ndjson": lambda: pl.read_ndjson(content),
        }
        assert read[form]()["identifier"].n_unique() == ROWS


class TestStreams:
    @pytest.mark.parametrize("form", ["arrow", "parquet", "csv", "ndjson"])
    def test_an_answer_that_fails_midway_is_cut(
        self, api: httpx.Client, own: Server, form: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        read = own._services.read
        run = read.run

        def failing(*arguments: Any) -> Any:
            result = run(*arguments)

            def batches() -> Iterator[pa.RecordBatch]:
                yield from result.batches
                msg = "the connection was lost"
                raise ConnectionLost(msg)

            return type(result)(result.arrow_schema, batches())

        monkeypatch.setattr(read, "run", failing)
        monkeypatch.setattr("vxdata.server.formats.parquet.GROUP_ROWS", 1_000)
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
            api.post("/query", json={"type": "patient"}, params={"format": form})
        until(lambda: own.admission.in_progress == 0, "the call has ended")

    def test_an_answer_that_fails_at_once_has_a_status(
        self, api: httpx.Client, own: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def failing(*_: Any) -> Any:
            raise ConnectionLost("s3kret")

        monkeypatch.setattr(own._services.read, "run", failing)
        found = api.post("/query", json={"type": "patient"})
        assert (found.status_code, found.json()["code"]) == (503, "SERVER_UNAVAILABLE")
        assert "s3kret" not in found.text

    def test_a_caller_who_goes_ends_the_query(self, own: Server) -> None:
        for _ in range(POOL + 1):
            with connected(own) as connection:
                connection.sendall(request_bytes(own, ALL))
                assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
                assert free_places(own) < POOL
            until(lambda: free_places(own) == POOL, "the connection came back")
        until(lambda: own.admission.in_progress == 0, "the calls have ended")

    def test_a_slow_reader_takes_no_memory(self, own: Server) -> None:
        """What is not read is not asked of PostgreSQL either, but for a batch or two."""
        taken = []
        read = own._services.read
        run = read.run

        def counting(*arguments: Any) -> Any:
            result = run(*arguments)

            def batches() -> Iterator[pa.RecordBatch]:
                for batch in result.batches:
                    taken.append(batch.num_rows)
                    yield batch

            return type(result)(result.arrow_schema, batches())

        with pytest.MonkeyPatch.context() as patch, connected(own) as connection:
            patch.setattr(read, "run", counting)
            connection.sendall(request_bytes(own, ALL, "?format=ndjson"))
            connection.recv(1000)
            until(lambda: taken, "the first batch was read")
            begun = sum(taken)
            rest = http.client.HTTPResponse(connection)
            assert begun < ROWS
        del rest
        until(lambda: own.admission.in_progress == 0, "the call has ended")


def test_polars_reads_a_file_that_curl_has_saved(own: Server, tmp_path: Path, api: httpx.Client) -> None:
    path = tmp_path / "patients.parquet"
    with api.stream("POST", "/query", json={"type": "patient"}, params={"format": "parquet"}) as found:
        path.write_bytes(b"".join(found.iter_bytes()))
    with Client(own.flight_url) as client:
        expected = client.patients.query().collect()
    assert pl.read_parquet(path).sort("identifier").equals(expected.sort("identifier"))


class TestAddresses:
    def test_an_address_asks_as_a_body_does(self, api: httpx.Client) -> None:
        asked = {"type": "patient", "select": ["identifier", "sex"], "order_by": ["-identifier"], "limit": 3}
        written = {
            "type": "patient",
            "select": "identifier,sex",
            "order_by": "-identifier",
            "limit": "3",
            "format": "csv",
        }
        by_address, by_body = api.get("/query", params=written), api.post("/query?format=csv", json=asked)
        assert by_address.text == by_body.text
        assert by_address.headers["ETag"] == by_body.headers["ETag"]
        plan = '{"limit":1,"relation":"patient","version":2}'
        assert api.get("/query", params={"plan": plan, "format": "csv"}).text.count("\n") == 2

    def test_libraries_open_an_address_by_themselves(self, own: Server) -> None:
        url = f"{own.http_url}/v1/query?type=patient&select=identifier&format="
        assert pd.read_parquet(f"{url}parquet").shape == (ROWS, 1)
        assert pd.read_csv(f"{url}csv").shape == (ROWS, 1)

    @pytest.mark.parametrize(
        ("parameters", "told"),
        [
            ({"type": "patient", "limit": "many"}, "limit"),
            ({"type": "patient", "limit": "-1"}, "limit"),
            ({"plan": "{"}, "no JSON"),
            ({"plan": "[]"}, "plan"),
            ({"type": "patient", "format": "xlsx"}, "ndjson"),
            ({"type": "patient", "as_of": "2026-01-01T00:00:00 00:00"}, "%2B"),
        ],
    )
    def test_what_is_wrong_with_an_address_is_told(
        self, api: httpx.Client, parameters: dict[str, str], told: str
    ) -> None:
        found = api.get("/query", params=parameters)
        assert (found.status_code, found.json()["code"]) == (400, "INVALID_REQUEST")
        assert told in found.json()["message"]
