"""Errors of `/v1`: JSON of one shape, whatever refuses the request."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.server.support import until
from vxdata.schemas.wire import WireError
from vxdata.server.app import Server
from vxdata.server.database.pool import Lane

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from vxdata.server.config import Settings


def shown(found: httpx.Response) -> WireError:
    assert found.headers["Content-Type"] == "application/json"
    assert set(found.json()) == set(WireError.model_fields)
    return WireError.model_validate_json(found.content)


@pytest.mark.parametrize(
    ("body", "code", "told"),
    [
        (b"", "INVALID_REQUEST", "no body"),
        (b"{", "INVALID_REQUEST", "EOF"),
        (b"\xff\x00", "INVALID_REQUEST", "expected"),
        (b"[]", "INVALID_REQUEST", "an object"),
        (b"{}", "INVALID_REQUEST", "states none"),
        (b'{"type": "volume", "text": "x"}', "INVALID_REQUEST", "text and type"),
        (b'{"plan": {"version": 2, "relation": "volume"}, "limit": 1}', "INVALID_REQUEST", "limit"),
        (b'{"plan": {"version": 9}}', "INVALID_PLAN", "version 9"),
        (b'{"plan": {"version": 2, "relation": "volume", "where": {"op": "drop"}}}', "INVALID_PLAN", "op"),
        (b'{"plan": {"version": 2, "relation": "volume"}, "as_of": "soon"}', "INVALID_REQUEST", "soon"),
        (b'{"type": "volume", "as_of": "0001-01-01T00:00:00+10:00"}', "INVALID_REQUEST", "instant"),
        (b'{"type": "volume", "as_of": "9999-01-01"}', "AS_OF_IN_FUTURE", "future"),
        (b'{"type": "volume", "as_of": 7}', "INVALID_REQUEST", "as_of"),
        (b'{"type": "volume", "limit": -1}', "INVALID_REQUEST", "limit"),
        (b'{"type": "volume", "limit": 1e99}', "INVALID_REQUEST", "limit"),
        (b'{"type": "volume", "select": []}', "INVALID_REQUEST", "select"),
        (b'{"type": "volume", "select": ["a\\u0000"]}', "UNKNOWN_FIELD", "no field"),
        (b'{"type": "volume", "selekt": ["a"]}', "INVALID_REQUEST", "selekt"),
        (b'{"a":%s' % (b"[" * 600_000), "INVALID_PLAN", "brackets"),
        (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, "INVALID_REQUEST", "recursion"),
        (b"{%s}" % b",".join(b'"k%d":1' % key for key in range(5_000)), "INVALID_REQUEST", "5,000 keys"),
        (b'{"type": "vo\\ud800lume"}', "INVALID_REQUEST", "hex escape"),
    ],
    ids=range(22),
)
def test_what_is_wrong_is_told(http: httpx.Client, body: bytes, code: str, told: str) -> None:
    found = http.post("/count", content=body)
    error = shown(found)
    assert (found.status_code, error.code) == (400, code)
    assert told in error.message
    assert error.request_id


def test_an_unknown_type_is_not_found(http: httpx.Client) -> None:
    found = http.post("/count", json={"type": "volum"})
    assert (found.status_code, shown(found).code) == (404, "UNKNOWN_RESOURCE_TYPE")
    assert "Did you mean volume?" in found.json()["message"]
    assert found.json()["details"]["did_you_mean"] == {"volum": ["volume"]}


def test_near_names_are_told_as_data(http: httpx.Client) -> None:
    found = http.post("/count", json={"type": "volume", "select": ["b_valu", "sery_number", "?"]})
    assert shown(found).details["did_you_mean"] == {"b_valu": ["b_value"], "sery_number": ["series_number"]}
    assert "did_you_mean" in http.get("/catalogs/cdx").json()["details"]


@pytest.mark.parametrize(
    ("method", "path", "known", "near"),
    [
        ("GET", "/query?type=patient&limitt=3", "limit", {"limitt": ["limit"]}),
        ("POST", "/query?formt=csv", "format", {"formt": ["format"]}),
        ("GET", "/commits?Before=3", "before", {"Before": ["before"]}),
        ("GET", "/resources/patient/x?asof=2026-01-01", "as_of", {"asof": ["as_of"]}),
        ("GET", "/children/patient/x?%F0%9F%98%80=1", "after", {}),
        ("GET", f"/types?{'x' * 1_000}=1", "as_of", {}),
        ("POST", "/count?format=csv", None, {}),
        ("GET", "/?x", None, {}),
    ],
)
def test_parameters_that_a_path_does_not_take(
    http: httpx.Client, method: str, path: str, known: str | None, near: dict[str, list[str]]
) -> None:
    found = http.request(method, path)
    error = shown(found)
    assert (found.status_code, error.code) == (422, "UNKNOWN_PARAMETER")
    assert error.details["did_you_mean"] == near
    assert error.details["known"] == [] if known is None else known in str(error.details["known"])
    assert ("It takes none." if known is None else known) in error.message
    assert f"{method} /v1{path.partition('?')[0][:5]}" in error.message
    assert len(found.content) < 3_000


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "NOT_FOUND"),
        ("GET", "/resources/volume%2Fa%0Ab", 404, "NOT_FOUND"),
        ("GET", "/count", 405, "METHOD_NOT_ALLOWED"),
        ("BREW", "/count", 405, "METHOD_NOT_ALLOWED"),
    ],
)
def test_other_paths_and_methods(http: httpx.Client, method: str, path: str, status: int, code: str) -> None:
    found = http.request(method, path)
    assert (found.status_code, shown(found).code) == (status, code)


@pytest.mark.parametrize("stated", ["soon", "", "0", "-1", "nan", "inf", "1e999", "1_0", "1, 2", "+1"])
def test_a_timeout_that_is_none_is_refused(http: httpx.Client, stated: str) -> None:
    found = http.get("/catalogs", headers={"VxData-Timeout": stated})
    assert (found.status_code, shown(found).code) == (400, "INVALID_REQUEST")
    assert "vxdata-timeout" in found.json()["message"]


@pytest.mark.parametrize("stated", ["30", "1e2", "12.5"])
def test_a_timeout_is_any_positive_number(http: httpx.Client, stated: str) -> None:
    assert http.get("/catalogs", headers={"VxData-Timeout": stated}).status_code == 200


def test_details_are_whole(http: httpx.Client) -> None:
    """Those of Flight are cut where a trailer has no room for them; a response has."""
    names = [f"no_such_field_{number}" for number in range(300)]
    error = shown(http.post("/count", json={"type": "volume", "select": names}))
    assert error.details["fields"] == names
    assert not error.abridged


def test_a_body_that_is_too_large_is_refused_unread(server: Server) -> None:
    host, _, port = server.http_url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(
            b"POST /v1/count HTTP/1.1\r\nHost: [::1]\r\n"
            b"Content-Length: 99999999999\r\nConnection: close\r\n\r\n"
        )
        answer = b""
        while part := connection.recv(65536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413 ")
    assert WireError.model_validate_json(body).code == "LIMIT_EXCEEDED"


class TestAServerOfItsOwn:
    @pytest.fixture(scope="class")
    @classmethod
    def small(cls, settings: Settings) -> Any:
        """A server with one connection for queries, which lets one call in at a time."""
        changes = {"pool_size": 1, "cache_dir": None, "max_calls_each": 1}
        with Server(settings.model_copy(update=changes)) as running:
            yield running

    def test_too_many_calls_and_calls_that_are_late(
        self, small: Server, make_http: Callable[[Server], httpx.Client]
    ) -> None:
        http = make_http(small)
        late: list[httpx.Response] = []

        def ask() -> None:
            late.append(
                http.post("/count", json={"type": "volume", "limit": 5}, headers={"VxData-Timeout": "1"})
            )

        with small._services.read._database.connection(Lane.STREAM):
            waiting = threading.Thread(target=ask)
            waiting.start()
            until(lambda: small.admission.in_progress == 1, "the call waits")
            busy = make_http(small).post("/count", json={"type": "volume"})
            waiting.join()
        assert (busy.status_code, shown(busy).code) == (429, "SERVER_BUSY")
        assert busy.headers["Retry-After"] == "1"
        assert (late[0].status_code, shown(late[0]).code) == (504, "REQUEST_TIMED_OUT")
