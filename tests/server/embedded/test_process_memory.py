"""A statement that needs too much memory fails alone, where the system would kill its process."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil
import pytest

from tests.server.support import scalar
from vxdata.schemas.errors import LimitExceeded
from vxdata.server.database.connection import Connection
from vxdata.server.database.errors import LimitReached
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.embedded import EmbeddedStack
from vxdata.server.embedded import stack as stack_module
from vxdata.server.embedded.machine import Machine
from vxdata.server.embedded.tuning import MIB, process_memory_bytes
from vxdata.server.listeners.errors import translate

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems do not keep this limit")

LIMIT: Final = 192 * MIB

GREEDY: Final = {
    "one large value": "SELECT cardinality(array_fill(1::int8, ARRAY[50000000])) AS n",
    "many values": "SELECT cardinality(array_agg(repeat('x', 1000000))) AS n FROM generate_series(1, 1000)",
    "many hash tables": "SELECT count(*) AS n FROM generate_series(1, 10) AS g WHERE "
    + " OR ".join(f"g IN (SELECT n + {i} FROM generate_series(100, 1000000) AS n)" for i in range(100)),
    "after many rows": "SELECT g AS n FROM generate_series(1, 500000) AS g "
    "UNION ALL SELECT cardinality(array_fill(1::int8, ARRAY[50000000]))",
}


@pytest.fixture(scope="module")
def small(session_dir: Path) -> Iterator[EmbeddedStack]:
    """A PostgreSQL whose processes may have little memory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stack_module, "process_memory_bytes", lambda _: LIMIT)
        running = EmbeddedStack.start(session_dir / "small-memory")
    with running:
        yield running


def read_as_stream(connection: Connection, sql: str) -> None:
    """Read a query by COPY."""
    with connection.stream(sql) as batches:
        for _ in batches:
            pass


def data_limits(stack: EmbeddedStack) -> set[int]:
    """The limits of all processes of PostgreSQL, in bytes."""
    postmaster = psutil.Process(stack.pids["postgres"])
    found = set()
    for process in (postmaster, *postmaster.children()):
        text = Path(f"/proc/{process.pid}/limits").read_text("ascii")
        (line,) = (line for line in text.splitlines() if line.startswith("Max data size"))
        found.add(int(line.split()[3]))
    return found


def test_every_process_has_the_limit(small: EmbeddedStack) -> None:
    assert data_limits(small) == {LIMIT}


def test_the_limit_is_that_of_the_machine(stack: EmbeddedStack, session_dir: Path) -> None:
    assert data_limits(stack) == {process_memory_bytes(Machine.detect(session_dir)) // 1024 * 1024}


@pytest.mark.parametrize("streams", [False, True], ids=["at once", "streamed"])
@pytest.mark.parametrize("kind", GREEDY)
def test_a_statement_beyond_it_fails_alone(small: EmbeddedStack, kind: str, streams: bool) -> None:  # noqa: FBT001
    with closing(ConnectionPool(small.postgres_uri, size=2)) as pool, pool.connection() as other:
        other.execute("CREATE TEMPORARY TABLE kept AS SELECT 1 AS one")
        with pool.connection() as connection, pytest.raises(LimitReached) as caught:
            (read_as_stream if streams else Connection.table)(connection, GREEDY[kind])
        shown = translate(caught.value)
        assert isinstance(shown, LimitExceeded)
        assert shown.details["setting"] == "RLIMIT_DATA"
        assert scalar(pool, "SELECT 1 AS one") == 1
        assert other.rows("SELECT one FROM kept") == [{"one": 1}]  # its connection has not been dropped
