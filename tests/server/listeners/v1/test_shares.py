"""What one caller can take of what answers calls over HTTP: there is always something left for the next."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

import httpx
import pytest

from tests.server.support import until
from vxdata.schemas.create import DataSourceCreate
from vxdata.schemas.identity import EVERYTHING, Role
from vxdata.sdk import Client
from vxdata.server.app import Server
from vxdata.server.database.connection import READ_WRITE
from vxdata.server.identities.token_store import TokenStore
from vxdata.server.listeners.http.body_room import BODIES, SMALL_BYTES
from vxdata.server.listeners.http.responses import WHOLE_BYTES
from vxdata.server.listeners.http.threads import THREADS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import SecretStr

    from vxdata.server.config import Settings
    from vxdata.server.database.pool import ConnectionPool

CALLS: Final = THREADS + 4
"""Calls of the one caller: more than there are threads for all."""


@pytest.fixture
def server(settings: Settings, database_uri: SecretStr) -> Iterator[Server]:
    """A server that asks who calls, with a few connections, for which calls wait long."""
    changes = {"database_uri": database_uri, "authentication": "required", "cache_dir": None}
    few = {"pool_size": 4, "pool_wait": 60, "stall_yield": 600, "grace": 0.5, "message_bytes": 1024**2}
    with Server(settings.model_copy(update=changes | few)) as running:
        yield running


@pytest.fixture
def tokens(database: ConnectionPool, unique: str) -> dict[str, str]:
    """Tokens of two readers and a writer."""
    store = TokenStore(database)
    roles = {"many": Role.READER, "one": Role.READER, "writer": Role.WRITER}
    return {
        name: store.create(f"{name}-{unique}", role, EVERYTHING).get_secret_value()
        for name, role in roles.items()
    }


@pytest.fixture
def http(server: Server) -> Iterator[httpx.Client]:
    """A client that opens as many connections as it is asked for."""
    limits = httpx.Limits(max_connections=None)
    with httpx.Client(base_url=f"{server.http_url}/v1", trust_env=False, timeout=60, limits=limits) as client:
        yield client


def ask(http: httpx.Client, token: str, resource_type: str, number: int = 0) -> httpx.Response:
    question = {"type": resource_type, "filter": f"F.identifier != '{resource_type}/{number}'"}
    return http.post("/count", json=question, headers={"Authorization": f"Bearer {token}"})


def test_calls_whose_statements_last_leave_threads_and_connections(
    server: Server, http: httpx.Client, database: ConnectionPool, tokens: dict[str, str]
) -> None:
    with ThreadPoolExecutor(CALLS) as threads:
        with database.connection() as connection, connection.transaction(READ_WRITE):
            connection.execute("LOCK TABLE vxdata.patient IN ACCESS EXCLUSIVE MODE")
            asked = [threads.submit(ask, http, tokens["many"], "patient", number) for number in range(CALLS)]
            until(lambda: server.admission.in_progress == CALLS, "all calls wait")
            assert ask(http, tokens["one"], "volume").status_code == httpx.codes.OK
            assert not any(each.done() for each in asked)
        assert {each.result().status_code for each in asked} == {httpx.codes.OK}


def test_answers_that_have_begun_do_not_wait_for_those_that_have_not(
    server: Server, http: httpx.Client, database: ConnectionPool, tokens: dict[str, str], unique: str
) -> None:
    """They hold the connections that the others wait for, each in a thread."""
    sources = [
        DataSourceCreate(identifier=f"{unique}-{number}", license="CC BY 4.0", name="long" * 50)
        for number in range(1_000)
    ]
    with Client(server.flight_url, token=tokens["writer"]) as client:
        client.data_sources.create(sources)

    def pull(number: int) -> int:
        question = {"type": "datasource", "filter": f"F.identifier != 'datasource/{number}'"}
        headers = {"Authorization": f"Bearer {tokens['many']}"}
        answer = http.post("/query?format=csv", json=question, headers=headers)
        return answer.status_code if len(answer.content) > 2 * WHOLE_BYTES else 0

    with ThreadPoolExecutor(CALLS) as threads:
        with database.connection() as connection, connection.transaction(READ_WRITE):
            connection.execute("LOCK TABLE vxdata.datasource IN ACCESS EXCLUSIVE MODE")
            asked = [threads.submit(pull, number) for number in range(CALLS)]
            until(lambda: server.admission.in_progress == CALLS, "all calls wait")
        assert {each.result() for each in asked} == {httpx.codes.OK}


def begin_body(server: Server, token: str, size: int) -> socket.socket:
    """Send all but the last byte of a body."""
    opened = socket.create_connection((server._settings.host, server._http.port), timeout=60)
    head = (
        f"POST /v1/count HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Length: {size}\r\n\r\n"
    )
    opened.sendall(head.encode() + b" " * (size - 1))
    return opened


def test_bodies_that_do_not_end_leave_memory(
    server: Server, http: httpx.Client, tokens: dict[str, str]
) -> None:
    size = server._settings.message_bytes
    question = b'{"type": "volume"}'.ljust(size)
    with ExitStack() as held:
        sent = [held.enter_context(begin_body(server, tokens["many"], size)) for _ in range(BODIES // 2)]
        taken = len(sent) * (size - SMALL_BYTES)
        until(lambda: server._bodies._held.total() == taken, "all bodies have arrived but for a byte")
        refused = held.enter_context(begin_body(server, tokens["many"], size))
        assert b" 503 " in refused.recv(100).partition(b"\r\n")[0]
        headers = {"Authorization": f"Bearer {tokens['one']}"}
        answer = http.post("/count", content=question, headers=headers)
        assert answer.status_code == httpx.codes.OK
