"""Ctrl-C: a real one, sent to a real process that waits for a real query.

It ends the query in PostgreSQL, wherever the process waits, and leaves its client usable.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fixtures.commands import DEADLINE, environment
from tests.sdk.reports import running
from tests.server.support import until

if TYPE_CHECKING:
    from vxdata.server.app import Server
    from vxdata.server.database.pool import ConnectionPool

TOP = Path(__file__).resolve().parents[4]

SCRIPT = """
import signal, sys

# Whoever runs the tests may ignore it. Before Polars is imported, which has a handler of its own.
signal.signal(signal.SIGINT, signal.default_int_handler)

from tests.sdk.reports import large, slow, stalling
from vxdata.sdk import Client

url, parent, way, path = sys.argv[1:]
client = Client(url)

def stream(query, busy):
    with query.iter_batches() as frames:
        for frame in frames:
            print("a frame", flush=True)
            while busy:
                pass

ways = {
    "collect": lambda: slow(client, parent).collect(),
    "count": lambda: slow(client, parent).count(),
    "iter_batches": lambda: slow(client, parent).iter_batches(),
    "lazy": lambda: slow(client, parent).lazy().collect(),
    "sink_parquet": lambda: stalling(client, parent).sink_parquet(path, progress=False),
    "between frames": lambda: stream(large(client, parent), busy=True),
    "within the stream": lambda: stream(stalling(client, parent), busy=False),
}

try:
    try:
        ways[way]()
    except KeyboardInterrupt:
        print("interrupted", flush=True)
except KeyboardInterrupt:
    pass  # Polars and Python both raise it where a lazy frame is collected

print("usable:", large(client, parent).limit(3).collect().height, flush=True)
"""


@pytest.mark.parametrize(
    "way",
    ["collect", "count", "iter_batches", "lazy", "sink_parquet", "between frames", "within the stream"],
)
def test_ctrl_c(server: Server, database: ConnectionPool, reports: str, tmp_path: Path, way: str) -> None:
    command = [sys.executable, "-c", SCRIPT, server.flight_url, reports, way, str(tmp_path / "x.parquet")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(), cwd=TOP
    ) as process:
        assert process.stdout is not None
        if way in {"between frames", "within the stream"}:
            assert process.stdout.readline() == "a frame\n"
        until(lambda: running(database, reports), "PostgreSQL works on the query")
        process.send_signal(signal.SIGINT)
        until(lambda: not running(database, reports), "it is cancelled")
        printed, complaint = process.communicate(timeout=DEADLINE)
    assert printed.endswith("usable: 3\n"), complaint
    assert process.returncode == 0, complaint
    assert list(tmp_path.iterdir()) == []


def test_an_open_stream_at_the_end_of_a_program(
    server: Server, database: ConnectionPool, reports: str
) -> None:
    """The thread that reads ends before the interpreter does; otherwise the process would abort."""
    script = (
        "import sys; from tests.sdk.reports import stalling; from vxdata.sdk import Client; "
        "frames = stalling(Client(sys.argv[1]), sys.argv[2]).iter_batches(); next(frames)"
    )
    command = [sys.executable, "-c", script, server.flight_url, reports]
    ended = subprocess.run(
        command, capture_output=True, text=True, env=environment(), cwd=TOP, timeout=DEADLINE, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    until(lambda: not running(database, reports), "the query is cancelled")
