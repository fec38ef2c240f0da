"""What calls are told that a stopping server does not answer: in a statement, and in every queue."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import httpx

from tests.server.support import until
from vxdata.schemas.wire import WireError
from vxdata.server.app import Server
from vxdata.server.database.connection import READ_WRITE
from vxdata.server.listeners.http.threads import THREADS

if TYPE_CHECKING:
    import pytest
    from pydantic import SecretStr

    from vxdata.server.config import Settings
    from vxdata.server.database.pool import ConnectionPool

CALLS: Final = THREADS + 4
"""One is in a statement, others have a thread and wait for a connection, the rest waits for a thread."""


def ask(server: Server) -> httpx.Response:
    url = f"{server.http_url}/v1/count"
    question = {"type": "patient", "filter": "F.sex == 'F'"}
    return httpx.post(url, json=question, trust_env=False, timeout=60)


def test_calls_are_told_that_the_server_stops(
    settings: Settings, database: ConnectionPool, database_uri: SecretStr, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vxdata.server.app.STOP_SECONDS", 0)
    changes = {"database_uri": database_uri, "cache_dir": None, "pool_size": 1, "pool_wait": 60, "grace": 0.5}
    with ThreadPoolExecutor(CALLS) as threads:
        server = Server(settings.model_copy(update=changes))
        with database.connection() as connection, connection.transaction(READ_WRITE):
            connection.execute("LOCK TABLE vxdata.patient IN ACCESS EXCLUSIVE MODE")
            asked = [threads.submit(ask, server) for _ in range(CALLS)]
            until(lambda: server.admission.in_progress == CALLS, "all calls wait")
            server.stop()
            answers = [each.result() for each in asked]
    for found in answers:
        error = WireError.model_validate_json(found.content)
        assert (found.status_code, error.code) == (503, "SERVER_UNAVAILABLE")
        assert found.headers["Content-Type"] == "application/json"
        assert found.headers["Retry-After"] == "1"
        assert error.retryable
        assert error.request_id
