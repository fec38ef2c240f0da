"""The composition root: what a server needs, and what it says when that is missing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from tests.server.support import scalar, until
from vxdata.schemas.create import DataSourceCreate
from vxdata.schemas.errors import ServerUnavailable
from vxdata.sdk import Client, F
from vxdata.server.app import Server
from vxdata.server.database.clock import lock_clock
from vxdata.server.database.connection import READ_WRITE
from vxdata.server.database.pool import Lane

if TYPE_CHECKING:
    from vxdata.server.config import Settings
    from vxdata.server.database.pool import ConnectionPool


def test_no_database_is_configured(settings: Settings) -> None:
    with pytest.raises(ServerUnavailable, match="set VXDATA_DATABASE_URI"):
        Server(settings.model_copy(update={"database_uri": None}))


def test_a_database_that_cannot_be_reached(settings: Settings) -> None:
    uri = SecretStr("postgresql://user:s3kret@127.0.0.1:1/db")
    with pytest.raises(ServerUnavailable, match="cannot be reached") as caught:
        Server(settings.model_copy(update={"database_uri": uri}))
    assert "s3kret" not in str(caught.value)


def test_a_host_that_is_not_ours(settings: Settings, database_uri: SecretStr) -> None:
    with pytest.raises(OSError, match=r"Cannot assign|Cannot listen|not one of"):
        Server(
            settings.model_copy(update={"database_uri": database_uri, "host": "192.0.2.1", "insecure": True})
        )


def test_urls_name_the_ports_that_were_found(settings: Settings, database_uri: SecretStr) -> None:
    with Server(settings.model_copy(update={"database_uri": database_uri})) as server:
        for scheme, url in (("grpc", server.flight_url), ("http", server.http_url)):
            assert url.startswith(f"{scheme}://127.0.0.1:")
            assert int(url.rpartition(":")[2]) > 0


def test_readers_never_wait_for_writers(
    settings: Settings, database_uri: SecretStr, database: ConnectionPool, unique: str
) -> None:
    """Three times as many blocked writers as a caller has places: reads of all kinds are still answered."""
    changes = {"database_uri": database_uri, "pool_size": 2, "writer_pool_size": 3, "pool_wait": 30.0}
    with (
        Server(settings.model_copy(update=changes)) as server,
        Client(server.flight_url) as client,
        ThreadPoolExecutor(6) as threads,
    ):
        first = client.data_sources.create(DataSourceCreate(identifier=f"{unique}-first", license="x"))
        turns = server._services.write._database._places[Lane.WRITE]
        with database.connection() as operator, operator.transaction(READ_WRITE):
            lock_clock(operator)
            writing = [threads.submit(create, server, f"{unique}-{number}") for number in range(6)]
            until(lambda: waiting_for_the_clock(database) == 2, "as many writers as may wait for the clock")
            until(lambda: turns.waiters == 4, "the others wait for a place")
            for _ in range(3):
                assert client.data_sources.retrieve(first.identifier).version == first.version
                assert client.data_sources.query().filter(F.license == "x").collect().height == 1
                assert len(client.data_sources.history(first.identifier)) == 1
                assert client.health().version == first.version
            assert not any(future.done() for future in writing)
        assert sorted(future.result() for future in writing) == list(
            range(first.version + 1, first.version + 7)
        )


def create(server: Server, identifier: str) -> int:
    """Create a data source with a client of its own; tell the commit."""
    with Client(server.flight_url) as client:
        return client.data_sources.create(DataSourceCreate(identifier=identifier, license="x")).version


def waiting_for_the_clock(database: ConnectionPool) -> int:
    """How many transactions wait for the lock of all writers."""
    sql = (
        "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
        "AND datname = current_database() AND position('commit_clock' IN query) > 0"
    )
    return int(scalar(database, sql))
