"""One process of PostgreSQL is killed while many callers read: they get retryable errors, or their rows."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Final

import pytest

from tests.server.support import scalar, until
from vxdata.cli.running import upgrade_database
from vxdata.schemas.create import DataSourceCreate
from vxdata.schemas.errors import ServerUnavailable
from vxdata.sdk import Client, F
from vxdata.server.app import Server
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.embedded import EmbeddedStack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vxdata.server.config import Settings

READERS: Final = 6
ROWS: Final = 20_000
READS_AFTER: Final = 3
KILLS: Final = 3


@pytest.fixture
def own_stack(session_dir: Path, unique: str) -> Iterator[EmbeddedStack]:
    """A PostgreSQL that this test may crash."""
    with EmbeddedStack.start(session_dir / f"killed-{unique}") as running:
        upgrade_database(running.postgres_uri)
        yield running


class Reader:
    """Reads again and again, with a client of its own, until it is told to stop.

    Args:
        url: Address of the server.
        number: Tells the readers apart: half of them read all rows, half of them one.
        stop: Set when it is to stop.
    """

    def __init__(self, url: str, number: int, stop: threading.Event) -> None:
        """Begin with nothing read."""
        self._url, self._number, self._stop = url, number, stop
        self.reads = 0
        self.failures: list[Exception] = []

    def run(self) -> None:
        """Read; keep what fails."""
        with Client(self._url) as client:
            while not self._stop.is_set():
                try:
                    self._read(client)
                    self.reads += 1
                except Exception as error:  # noqa: BLE001 - judged by the test
                    self.failures.append(error)

    def _read(self, client: Client) -> None:
        if self._number % 2:
            assert client.data_sources.retrieve("datasource/s-7").license == "x"
            return
        # A condition of its own each time, so that no kept result answers.
        query = client.data_sources.query().filter(F.license != f"{self._number} {self.reads}")
        assert query.collect().height == ROWS


def test_the_others_go_on(own_stack: EmbeddedStack, settings: Settings) -> None:
    changes = {"database_uri": own_stack.postgres_uri, "s3_bucket": None}
    stop = threading.Event()
    with Server(settings.model_copy(update=changes)) as server, ThreadPoolExecutor(READERS) as threads:
        with Client(server.flight_url) as client:
            client.data_sources.create(
                [DataSourceCreate(identifier=f"s-{number}", license="x") for number in range(ROWS)]
            )
        readers = [Reader(server.flight_url, number, stop) for number in range(READERS)]
        running = [threads.submit(reader.run) for reader in readers]
        try:
            for _ in range(KILLS):
                before = [reader.reads for reader in readers]
                until(lambda: progressed(readers, before), "all readers have read")  # noqa: B023 - used at once
                kill_a_reading_backend(own_stack)
            before = [reader.reads for reader in readers]
            until(lambda: progressed(readers, before), "all readers have read after the last kill")
        finally:
            stop.set()
        for each in running:
            each.result(60)
        failures = [failure for reader in readers for failure in reader.failures]
        assert {type(failure) for failure in failures} <= {ServerUnavailable}
        assert all(failure.retryable for failure in failures if isinstance(failure, ServerUnavailable))
        with Client(server.flight_url) as client:
            later = client.data_sources.create(DataSourceCreate(identifier="later", license="x"))
            assert client.data_sources.retrieve(later.identifier).license == "x"


def progressed(readers: list[Reader], before: list[int]) -> bool:
    """Whether every reader has read some times more than before."""
    return all(reader.reads >= reads + READS_AFTER for reader, reads in zip(readers, before, strict=True))


def kill_a_reading_backend(stack: EmbeddedStack) -> None:
    """Kill a process that sends rows to the server."""
    with closing(ConnectionPool(stack.postgres_uri, size=1)) as watching:
        sql = (
            "SELECT COALESCE(min(pid), 0) AS pid FROM pg_stat_activity WHERE state = 'active' "
            "AND query LIKE 'COPY%' AND pid <> pg_backend_pid()"
        )
        found: list[int] = []

        def is_found() -> bool:
            found[:] = [int(scalar(watching, sql))]
            return found[0] > 0

        until(is_found, "a process sends rows")
        os.kill(found[0], signal.SIGKILL)
