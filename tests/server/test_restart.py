"""PostgreSQL goes down and comes up again under a running server."""

from __future__ import annotations

import os
import signal
from contextlib import closing
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.server.support import CALL, create, resources, scalar, until
from vxdata.cli.running import upgrade_database
from vxdata.schemas.errors import ServerUnavailable
from vxdata.schemas.plan import Plan
from vxdata.server.app import Server
from vxdata.server.database.errors import DatabaseError
from vxdata.server.database.pool import ConnectionPool, Lane
from vxdata.server.embedded import EmbeddedStack
from vxdata.server.listeners.errors import translate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vxdata.server.config import Settings


@pytest.fixture
def own_stack(session_dir: Path, unique: str) -> Iterator[EmbeddedStack]:
    """A PostgreSQL that this test may crash."""
    with EmbeddedStack.start(session_dir / f"crash-{unique}") as running:
        upgrade_database(running.postgres_uri)
        yield running


def crash(victim: ConnectionPool, stack: EmbeddedStack) -> None:
    """Kill one backend: PostgreSQL ends all others, recovers, and accepts connections again."""
    backend = int(scalar(victim, "SELECT pg_backend_pid() AS pid"))
    os.kill(backend, signal.SIGKILL)
    until(lambda: accepts(stack, backend), "PostgreSQL is back")


def accepts(stack: EmbeddedStack, killed: int) -> bool:
    """Whether it has recovered: the killed backend is gone, and a new connection answers."""
    try:
        with closing(ConnectionPool(stack.postgres_uri, size=1)) as database:
            sql = f"SELECT count(*) AS n FROM pg_stat_activity WHERE pid = {killed}"
            return bool(scalar(database, sql) == 0)
    except (ServerUnavailable, DatabaseError):
        return False


def test_reads_and_writes_go_on_after_a_crash(own_stack: EmbeddedStack, settings: Settings) -> None:
    changes = {"database_uri": own_stack.postgres_uri, "pool_size": 4, "s3_bucket": None}
    with Server(settings.model_copy(update=changes)) as server:
        pool = server._services.read._database
        reads, creates = server._services.read, server._services.write
        receipt = create(creates, resources("datasource", {"identifier": "datasource/before"}))
        # Several idle connections, all of which die.
        with pool.connection(), pool.connection(), pool.connection(), pool.connection():
            pass
        plan = Plan(relation="datasource", select=("identifier",))
        streaming = reads.run(plan, CALL)
        with closing(ConnectionPool(own_stack.postgres_uri, size=1)) as victim:
            crash(victim, own_stack)
        del streaming
        failures = []
        for _ in range(8):
            try:
                rows = [row for batch in reads.run(plan, CALL).batches for row in batch.to_pylist()]
                assert rows == [{"identifier": "datasource/before"}]
            except Exception as error:  # noqa: BLE001 - judged below
                failures.append(translate(error))
        assert [type(failure) for failure in failures] in ([], [ServerUnavailable])
        assert all(failure.retryable for failure in failures)
        later = create(creates, resources("datasource", {"identifier": "datasource/after"}))
        assert later.version > receipt.version
        assert httpx.get(f"{server.http_url}/readyz", trust_env=False, timeout=30).status_code == 200
        assert pool._places[Lane.STREAM].free == 4


def test_while_postgresql_is_down_the_server_says_so(own_stack: EmbeddedStack, settings: Settings) -> None:
    changes = {"database_uri": own_stack.postgres_uri, "pool_size": 2, "s3_bucket": None, "grace": 1}
    with Server(settings.model_copy(update=changes)) as server:
        own_stack.stop()
        for _ in range(3):
            with pytest.raises(Exception) as caught:  # noqa: PT011 - judged below
                server._services.read.run(Plan(relation="datasource"), CALL)
            assert isinstance(translate(caught.value), ServerUnavailable)
            found = httpx.get(f"{server.http_url}/readyz", trust_env=False, timeout=30)
            assert (found.status_code, found.json()["code"]) == (503, "SERVER_UNAVAILABLE")
            assert httpx.get(f"{server.http_url}/livez", trust_env=False).status_code == 200
