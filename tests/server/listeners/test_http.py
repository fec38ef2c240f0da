"""Health over HTTP: alive while the process is, ready while it can take calls."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import closing
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.server.support import OPEN, until
from vxdata.schemas.errors import ServerBusy, ServerUnavailable
from vxdata.schemas.wire import Health
from vxdata.server.app import Server
from vxdata.server.database.pool import ConnectionPool, Lane
from vxdata.server.listeners.boundary import Boundary
from vxdata.server.listeners.errors import ErrorReporter
from vxdata.server.listeners.http.app import LISTENER, build_app
from vxdata.server.listeners.http.server import HttpServer
from vxdata.server.services.health import HealthService

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic import SecretStr
    from starlette.applications import Starlette

    from vxdata.server.call import Call
    from vxdata.server.config import Settings


def app_with(check: Callable[[Call], Health]) -> Starlette:
    return build_app(check, Boundary(LISTENER, ErrorReporter(), OPEN))


def answer(check: Callable[[Call], Health], path: str = "/readyz", method: str = "GET") -> httpx.Response:
    """Ask a listener that has this check."""
    with closing(HttpServer(app_with(check), "127.0.0.1", 0)) as listener:
        return ask(listener.port, path, method)


def ask(port: int, path: str, method: str = "GET") -> httpx.Response:
    answers: list[httpx.Response] = []

    def answered() -> bool:
        try:
            answers.append(
                httpx.request(method, f"http://127.0.0.1:{port}{path}", timeout=30, trust_env=False)
            )
        except httpx.ConnectError:
            return False
        return True

    until(answered, "the listener answers")
    return answers[0]


def _seconds_of_a_call(connection: HTTPConnection) -> float:
    begun = time.perf_counter()
    connection.request("GET", "/livez")
    connection.getresponse().read()
    return time.perf_counter() - begun


def failing(error: Exception) -> Callable[[Call], Health]:
    def check(_: Call) -> Health:
        raise error

    return check


class TestApp:
    def test_ready(self, database: ConnectionPool) -> None:
        found = answer(HealthService(database, None).check)
        assert found.status_code == 200
        health = Health.model_validate(found.json())
        assert health.status == "ok"
        assert health.version == 0

    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (ServerUnavailable("s3kret"), "SERVER_UNAVAILABLE"),
            (ServerBusy("s3kret"), "SERVER_BUSY"),
            (RuntimeError("s3kret"), "INTERNAL_ERROR"),
        ],
    )
    def test_not_ready(self, error: Exception, code: str) -> None:
        found = answer(failing(error))
        assert found.status_code == 503
        assert found.json() == {"status": "unavailable", "code": code}

    def test_alive_although_not_ready(self) -> None:
        found = answer(failing(RuntimeError()), "/livez")
        assert (found.status_code, found.json()) == (200, {"status": "ok"})

    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [("GET", "/nothing", 404), ("GET", "/readyz/x", 404), ("POST", "/livez", 405)],
    )
    def test_nothing_else(self, method: str, path: str, status: int) -> None:
        assert answer(failing(RuntimeError()), path, method).status_code == status


class TestListener:
    def test_frees_its_port(self) -> None:
        first = HttpServer(app_with(failing(RuntimeError())), "127.0.0.1", 0)
        port = first.port
        with pytest.raises(OSError, match="in use"):
            HttpServer(app_with(failing(RuntimeError())), "127.0.0.1", port)
        assert ask(port, "/livez").status_code == 200
        first.close()
        with closing(HttpServer(app_with(failing(RuntimeError())), "127.0.0.1", port)):
            assert ask(port, "/livez").status_code == 200

    def test_closed_before_it_has_come_up(self) -> None:
        HttpServer(app_with(failing(RuntimeError())), "127.0.0.1", 0).close()

    def test_no_answer_waits_for_an_acknowledgement_of_its_head(self) -> None:
        with closing(HttpServer(app_with(failing(RuntimeError())), "127.0.0.1", 0)) as listener:
            ask(listener.port, "/livez")
            with closing(HTTPConnection("127.0.0.1", listener.port, timeout=30)) as connection:
                seconds = [_seconds_of_a_call(connection) for _ in range(60)]
        # Clients acknowledge the first packets of a connection at once, later ones after 40 ms.
        assert min(seconds[-20:]) < 0.03

    def test_an_open_connection_does_not_hold_up_the_end(self) -> None:
        listener = HttpServer(app_with(failing(RuntimeError())), "127.0.0.1", 0)
        assert ask(listener.port, "/livez").status_code == 200
        with socket.create_connection(("127.0.0.1", listener.port)):
            listener.close()


class TestServer:
    @pytest.fixture(scope="class")
    @classmethod
    def own(cls, settings: Settings, database_uri: SecretStr) -> Iterator[Any]:
        """A server with two connections for queries and two for lookups."""
        changes = {"database_uri": database_uri, "pool_size": 2, "lookup_pool_size": 2}
        with Server(settings.model_copy(update=changes)) as running:
            yield running

    def test_through_the_whole_server(self, own: Server) -> None:
        assert httpx.get(f"{own.http_url}/livez", trust_env=False).status_code == 200
        assert httpx.get(f"{own.http_url}/readyz", trust_env=False, timeout=30).status_code == 200

    def test_a_check_does_not_wait_for_busy_connections(
        self, own: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("vxdata.server.services.health.MAX_WAIT", 0.05)
        pool = own._services.read._database
        with pool.connection(caller="ann"), pool.connection(caller="bob"):
            during = httpx.get(f"{own.http_url}/readyz", trust_env=False, timeout=30)
        assert during.status_code == 200, "queries that run do not keep the server from taking calls"
        with pool.connection(Lane.LOOKUP), pool.connection(Lane.LOOKUP):
            found = httpx.get(f"{own.http_url}/readyz", trust_env=False, timeout=30)
        assert (found.status_code, found.json()["code"]) == (503, "SERVER_BUSY")
        assert httpx.get(f"{own.http_url}/readyz", trust_env=False, timeout=30).status_code == 200

    def test_the_database_has_gone(self, database_uri: SecretStr) -> None:
        pool = ConnectionPool(database_uri, size=1)
        pool.close()
        found = answer(HealthService(pool, None).check)
        assert (found.status_code, found.json()["code"]) == (503, "SERVER_UNAVAILABLE")

    def test_not_ready_while_it_stops(self, settings: Settings, database_uri: SecretStr) -> None:
        server = Server(settings.model_copy(update={"database_uri": database_uri}))
        release, states = threading.Event(), []
        stop = server._flight.shutdown

        def slow() -> None:
            assert release.wait(30)
            stop()

        server._flight.shutdown = slow
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        until(
            lambda: httpx.get(f"{server.http_url}/readyz", trust_env=False, timeout=30).status_code == 503,
            "it is not ready any more",
        )
        states.append(httpx.get(f"{server.http_url}/livez", trust_env=False).status_code)
        release.set()
        stopping.join()
        assert states == [200]


class TestUpgrades:
    """Nothing here speaks another protocol, so wishes to change it are not heard, wherever they come from."""

    @pytest.mark.parametrize("path", ["/livez", "/none", "/v1/query"])
    @pytest.mark.parametrize("site", ["same-origin", "cross-site"])
    def test_no_websocket_is_opened(self, path: str, site: str) -> None:
        wish = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version": "13",
            "Sec-Fetch-Site": site,
        }
        with closing(
            HttpServer(app_with(lambda _: Health(server_version="1", version=1)), "127.0.0.1", 0)
        ) as own:
            url = f"http://127.0.0.1:{own.port}{path}"
            plain = httpx.get(url, trust_env=False)
            assert httpx.get(url, trust_env=False, headers=wish).status_code == plain.status_code
