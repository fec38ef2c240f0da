"""Answers with addresses: what is given, how it is read, and that it never changes."""

from __future__ import annotations

import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import httpx
import pyarrow as pa
import pytest
from pydantic_core import from_json

from tests.server.child import child_server
from tests.server.support import scalar, until
from vxdata.schemas.create import PatientCreate
from vxdata.schemas.plan import encode
from vxdata.schemas.update import PatientUpdate
from vxdata.sdk import Client, F
from vxdata.server.app import Server
from vxdata.server.database.connection import READ_WRITE
from vxdata.server.database.pool import ConnectionPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vxdata.sdk import Query
    from vxdata.server.config import Settings

FORMATS: Final = ("parquet", "arrow", "csv", "ndjson")
IMMUTABLE: Final = "private, max-age=31536000, immutable"


@pytest.fixture(scope="module")
def http(
    make_http: Callable[[Server], httpx.Client],
    settings: Settings,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[httpx.Client]:
    """A client of a server without columnar copies, which would answer what a lock in PostgreSQL holds up."""
    changed = {"copies": False, "cache_dir": tmp_path_factory.mktemp("answers")}
    with Server(settings.model_copy(update=changed)) as running:
        yield make_http(running)


@pytest.fixture
def patients(client: Client, datasource: str) -> Query[Any]:
    """Six patients of one data source."""
    client.patients.create(
        [
            PatientCreate(
                identifier=f"{datasource.removeprefix('datasource/')}-{number}",
                parent_identifier=datasource,
                sex="F" if number % 2 else "M",
                license="CC BY 4.0",
                external_identifiers={"b": "2", "a": "1"},
            )
            for number in range(6)
        ]
    )
    return client.patients.query().filter(F.datasource_id == datasource)


@pytest.fixture
def question(patients: Query[Any]) -> dict[str, Any]:
    return {"plan": from_json(encode(patients.plan))}


@pytest.fixture(scope="module")
def tables(settings: Settings) -> Iterator[ConnectionPool]:
    """Connections to the database of the session's server."""
    assert settings.database_uri is not None
    pool = ConnectionPool(settings.database_uri, size=1)
    yield pool
    pool.close()


def give(http: httpx.Client, question: dict[str, Any], **more: Any) -> dict[str, Any]:
    found = http.post("/answers", json={"question": question, **more})
    assert found.status_code == 200, found.text
    return dict(found.json())


def fetch(url: str, **headers: str) -> httpx.Response:
    return httpx.get(url, headers={name.replace("_", "-"): value for name, value in headers.items()},
                     trust_env=False, timeout=60)  # fmt: skip


def error_of(found: httpx.Response) -> tuple[int, str]:
    return found.status_code, found.json()["code"]


def test_an_answer_is_given_an_address_in_each_format(
    http: httpx.Client, client: Client, patients: Query[Any], question: dict[str, Any]
) -> None:
    given = give(http, question)
    frame = patients.collect()
    assert given["rows"] == 6
    assert [column["name"] for column in given["columns"]] == frame.columns
    assert tuple(given["urls"]) == FORMATS
    assert {url.rpartition("/")[2] for url in given["urls"].values()} == {
        f"{given['digest']}.{name}" for name in FORMATS
    }
    assert "expires" not in given
    found = fetch(given["urls"]["arrow"])
    assert found.status_code == 200
    rows = pa.ipc.open_file(found.content).read_all()
    assert rows["identifier"].to_pylist() == sorted(frame["identifier"])
    assert rows.schema.metadata[b"vxdata.version"] == str(given["snapshot"]["version"]).encode()


def test_to_give_it_again_writes_nothing(
    http: httpx.Client, question: dict[str, Any], tables: ConnectionPool
) -> None:
    first = give(http, question)
    row = f"SELECT xmin::text FROM vxdata.answered_plan WHERE digest = '{first['digest']}'"
    written = scalar(tables, row)
    assert give(http, question) == first
    assert give(http, {**question, "as_of": first["snapshot"]["as_of"]}) == first
    fetch(first["urls"]["csv"])
    assert scalar(tables, row) == written


def test_the_day_of_the_last_request_is_noted(
    http: httpx.Client, question: dict[str, Any], tables: ConnectionPool
) -> None:
    given = give(http, question)
    where = f"FROM vxdata.answered_plan WHERE digest = '{given['digest']}'"
    with tables.connection() as connection:
        connection.execute(
            f"UPDATE vxdata.answered_plan SET used_on = '2020-01-01' WHERE digest = '{given['digest']}'"
        )
    assert scalar(tables, f"SELECT used_on = current_date {where}") is False
    assert fetch(given["urls"]["csv"]).status_code == 200
    assert scalar(tables, f"SELECT used_on = current_date {where}") is True


def test_headers_tell_what_it_is(http: httpx.Client, question: dict[str, Any]) -> None:
    given = give(http, question)
    for name, url in given["urls"].items():
        found, head = fetch(url), httpx.head(url, trust_env=False)
        assert (head.status_code, head.content) == (200, b"")
        told = {**found.headers, "date": ""}
        assert told == {**head.headers, "date": ""}
        assert told["vxdata-rows"] == "6"
        assert told["vxdata-as-of"] == given["snapshot"]["as_of"]
        assert told["vxdata-version"] == str(given["snapshot"]["version"])
        assert told["content-length"] == str(len(found.content))
        assert told["cache-control"] == IMMUTABLE
        assert told["content-disposition"].startswith('attachment; filename="patient-20')
        assert told["content-disposition"].endswith(f'-{given["digest"][:8]}.{name}"')
        kept = fetch(url, if_none_match=f'"x", {told["etag"]}')
        assert (kept.status_code, kept.content, kept.headers["etag"]) == (304, b"", told["etag"])


def test_parts(http: httpx.Client, question: dict[str, Any]) -> None:
    url = give(http, question)["urls"]["csv"]
    whole = fetch(url)
    size, etag = len(whole.content), whole.headers["etag"]
    for range_, begin, end in (("bytes=0-9", 0, 10), ("bytes=-5", size - 5, size), ("bytes=20-", 20, size)):
        part = fetch(url, range=range_, if_range=etag)
        assert (part.status_code, part.content) == (206, whole.content[begin:end])
        assert part.headers["content-range"] == f"bytes {begin}-{end - 1}/{size}"
        assert part.headers["content-length"] == str(end - begin)
    for headers in ({"range": "bytes=0-9", "if_range": '"old"'}, {"range": "bytes=0-1,4-5"}):
        assert (fetch(url, **headers).status_code, fetch(url, **headers).content) == (200, whole.content)
    none = fetch(url, range=f"bytes={size}-")
    assert error_of(none) == (416, "REQUESTED_RANGE_NOT_SATISFIABLE")
    assert none.headers["content-range"] == f"bytes */{size}"


def test_signed_addresses(http: httpx.Client, question: dict[str, Any]) -> None:
    given = give(http, question, sign_for=60)
    assert abs(given["expires"] - time.time() - 60) < 10
    url = given["urls"]["parquet"]
    assert fetch(url).status_code == 200
    assert httpx.head(url, trust_env=False).status_code == 200
    assert error_of(fetch(url[:-1] + ("1" if url[-1] == "0" else "0"))) == (403, "INVALID_SIGNATURE")
    assert error_of(fetch(url.replace(".parquet", ".csv"))) == (403, "INVALID_SIGNATURE")
    assert error_of(fetch(url.replace("expires=", "expires=1"))) == (403, "INVALID_SIGNATURE")
    assert error_of(fetch(url.partition("&")[0])) == (403, "INVALID_SIGNATURE")
    short = give(http, question, sign_for=1)
    time.sleep(max(short["expires"] - time.time(), 0))
    assert error_of(fetch(short["urls"]["csv"])) == (403, "ADDRESS_EXPIRED")
    for wrong in (0, -1, 10**9, 1.5, "60"):
        found = http.post("/answers", json={"question": question, "sign_for": wrong})
        assert error_of(found) == (400, "INVALID_REQUEST"), wrong


def test_what_was_never_given_is_not_there(http: httpx.Client) -> None:
    found = http.get(f"/answers/{'0' * 32}.csv")
    assert error_of(found) == (404, "ANSWER_NOT_FOUND")
    assert found.json()["details"] == {"digest": "0" * 32}
    assert http.get("/answers/nothing.csv").status_code == 400
    assert http.get(f"/answers/{'0' * 32}.xlsx").status_code == 400
    assert http.get(f"/answers/{'0' * 32}").status_code == 404


def test_plans_of_all_kinds_have_a_whole_order(http: httpx.Client, patients: Query[Any]) -> None:
    for query in (
        patients.select("sex").distinct(),
        patients.group_by("sex").agg(patients=F.identifier.n_unique()),
        patients.offset(4),
        patients.order_by("sex", descending=True).limit(3),
        patients.filter(F.sex == "U"),
    ):
        given = give(http, {"plan": from_json(encode(query.plan))})
        rows = pa.ipc.open_file(fetch(given["urls"]["arrow"]).content).read_all()
        assert len(rows) == given["rows"] == query.count(), query


def test_bytes_are_the_same_whenever_and_wherever_they_are_made(
    http: httpx.Client, settings: Settings, client: Client, patients: Query[Any], question: dict[str, Any]
) -> None:
    given = give(http, question)
    first = {name: fetch(url) for name, url in given["urls"].items()}
    identifiers = patients.collect()["identifier"].to_list()
    client.patients.update(identifiers[0], PatientUpdate(sex="O"))
    client.patients.delete(identifiers[1])
    pinned = {**question, "as_of": given["snapshot"]["as_of"]}
    parent = client.patients.retrieve(identifiers[0]).parent_identifier
    below = f"/children/{parent}?as_of={pinned['as_of']}"
    before = [http.post("/query", json=pinned), http.get(below)]
    with child_server(settings, cache_dir=None, allow_purge=True) as other:
        again = {name: fetch(f"{other.http_url}/v1/answers/{given['digest']}.{name}") for name in FORMATS}
        for name in FORMATS:
            assert hashes(again[name]) == hashes(first[name]), name
        with Client(f"grpc://127.0.0.1:{other.port}") as purger:
            purger.patients.purge(identifiers[2])
        # A purge is the one exception: on every server, at once, under another ETag.
        for base in (http.base_url, f"{other.http_url}/v1"):
            url = f"{str(base).rstrip('/')}/answers/{given['digest']}.csv"
            rest = fetch(url, if_none_match=first["csv"].headers["etag"])
            assert (rest.status_code, rest.headers["vxdata-rows"]) == (200, "5")
            assert identifiers[2] not in rest.text
            assert identifiers[1] in rest.text
        query, children = ({"If-None-Match": found.headers["etag"]} for found in before)
        after = [http.post("/query", json=pinned, headers=query), http.get(below, headers=children)]
        assert [found.status_code for found in after] == [200, 200]
        assert all(identifiers[2].encode() not in found.content for found in after)


def hashes(found: httpx.Response) -> tuple[int, str, str]:
    return found.status_code, found.headers["etag"], hashlib.sha256(found.content).hexdigest()


def test_limits_of_what_is_kept(
    make_http: Callable[[Server], httpx.Client], settings: Settings, tables: ConnectionPool
) -> None:
    kept = scalar(tables, "SELECT count(*) AS n FROM vxdata.answered_plan")
    changed = {"answer_plan_bytes": 1024, "answer_plans": kept + 1, "cache_dir": None}
    with Server(settings.model_copy(update=changed)) as small:
        http = make_http(small)
        long = {"type": "patient", "select": ["identifier"], "order_by": ["-sex"] * 60}
        found = http.post("/answers", json={"question": long})
        assert error_of(found) == (413, "LIMIT_EXCEEDED")
        assert found.json()["details"]["setting"] == "VXDATA_ANSWER_PLAN_BYTES"
        give(http, {"type": "patient", "select": ["identifier", "sex"], "limit": 1})
        give(http, {"type": "patient", "select": ["identifier", "sex"], "limit": 1})
        found = http.post("/answers", json={"question": {"type": "patient", "select": ["sex"], "limit": 2}})
        assert error_of(found) == (413, "LIMIT_EXCEEDED")
        assert found.json()["details"] == {"limit": kept + 1, "setting": "VXDATA_ANSWER_PLANS"}


def test_what_cannot_be_bound_is_refused(http: httpx.Client) -> None:
    found = http.post("/answers", json={"question": {"type": "patient", "select": ["sexx"]}})
    assert error_of(found) == (400, "UNKNOWN_FIELD")
    found = http.post("/answers", json={"question": {"type": "patient", "as_of": "2999-01-01"}})
    assert error_of(found) == (400, "AS_OF_IN_FUTURE")
    assert error_of(http.post("/answers", json={"type": "patient"})) == (400, "INVALID_REQUEST")


@contextmanager
def locked(tables: ConnectionPool) -> Iterator[None]:
    """Keep every query of patients waiting."""
    with tables.connection() as connection, connection.transaction(READ_WRITE):
        connection.execute("LOCK TABLE vxdata.patient IN ACCESS EXCLUSIVE MODE")
        yield


def waiting(admin: ConnectionPool) -> int:
    """How many statements of readers wait for a lock; copiers of other servers may wait for it, too."""
    return int(
        scalar(
            admin,
            "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
            "AND query LIKE '%patient%' AND query NOT LIKE '%version > %'",
        )
    )


def test_a_file_is_not_made_on_for_callers_who_have_gone(
    http: httpx.Client, question: dict[str, Any], tables: ConnectionPool, admin: ConnectionPool
) -> None:
    url = give(http, question)["urls"]["parquet"]
    with locked(tables), ThreadPoolExecutor(2) as threads:
        asked = [threads.submit(httpx.get, url, trust_env=False, timeout=1) for _ in range(2)]
        until(lambda: waiting(admin) == 1, "one query runs for both")
        for each in asked:
            with pytest.raises(httpx.ReadTimeout):
                each.result()
        until(lambda: waiting(admin) == 0, "the query has been cancelled")
    assert fetch(url).status_code == 200


def test_a_deadline_holds_while_a_file_is_made(
    http: httpx.Client, question: dict[str, Any], tables: ConnectionPool
) -> None:
    url = give(http, question)["urls"]["parquet"]
    with locked(tables):
        found = fetch(url, vxdata_timeout="0.5")
    assert error_of(found) == (504, "REQUEST_TIMED_OUT")


def test_a_server_stops_while_a_file_is_made(
    make_http: Callable[[Server], httpx.Client],
    settings: Settings,
    question: dict[str, Any],
    tables: ConnectionPool,
    admin: ConnectionPool,
) -> None:
    changed = {"cache_dir": None, "grace": 0}
    with ThreadPoolExecutor(1) as threads:
        with Server(settings.model_copy(update=changed)) as server:
            url = give(make_http(server), question)["urls"]["parquet"]
            with locked(tables):
                asked = threads.submit(fetch, url)
                until(lambda: waiting(admin) == 1, "the file is being made")
                server.stop()
        assert error_of(asked.result()) == (503, "SERVER_UNAVAILABLE")


def test_addresses_lie_behind_the_proxy(
    make_http: Callable[[Server], httpx.Client], settings: Settings, question: dict[str, Any]
) -> None:
    changed = {
        "cache_dir": None,
        "http_proxies": ("127.0.0.0/8",),
        "http_root_path": "/api",
        "http_hosts": ("data.example.org",),
    }
    with Server(settings.model_copy(update=changed)) as server:
        found = make_http(server).post(
            "/answers",
            json={"question": question},
            headers={"Host": "data.example.org", "X-Forwarded-Proto": "https"},
        ).json()  # fmt: skip
    assert found["urls"]["csv"] == f"https://data.example.org/api/v1/answers/{found['digest']}.csv"
