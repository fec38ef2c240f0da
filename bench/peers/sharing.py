"""Point reads of one client, alone and beside clients that hold on to what they have."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.flight

from bench._harness.candidates import SPAWN
from bench._harness.figures import Moved
from vxdata.schemas.wire import UPLOAD_SCHEMA, WriteCommand
from vxdata.sdk import Client, F

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.connection import Connection

    from bench._harness.candidates import Work

QUIET: Final = "alone"
BESIDE: Final = "beside 16 stalled readers, 8 trickling uploads and 200 idle sockets"
READERS: Final = 16
UPLOADS: Final = 8
SOCKETS: Final = 200
WARM_CALLS: Final = 20


@contextmanager
def point_reads(number: int, url: str, volumes: Sequence[str], calls: int) -> Iterator[Work]:
    """Retrieve one volume after another.

    Args:
        number: Of the round.
        url: The server.
        volumes: A volume for each call of all rounds.
        calls: Calls in each of the two parts of a round.
    """
    unasked = iter(volumes[2 * number * calls :][: 2 * calls])
    with Client(url) as client:

        def retrieve() -> float:
            begin = time.perf_counter()
            client.volumes.retrieve(next(unasked), include_children=False)
            return time.perf_counter() - begin

        def work() -> Moved:
            alone = [retrieve() for _ in range(calls)]
            with burden(url):
                beside = [retrieve() for _ in range(calls)]
            return Moved(2 * calls, series={QUIET: alone, BESIDE: beside})

        for _ in range(WARM_CALLS):
            client.volumes.retrieve(volumes[0], include_children=False)
        yield work


@contextmanager
def burden(url: str) -> Iterator[None]:
    """Have another process hold on to everything, for the length of a block.

    Args:
        url: The server.
    """
    here, there = SPAWN.Pipe()
    process = SPAWN.Process(target=_hold, args=(url, there), daemon=True)
    process.start()
    try:
        here.recv()
        yield
    finally:
        process.kill()
        process.join()


def _hold(url: str, ready: Connection) -> None:
    host, _, port = url.removeprefix("grpc://").rpartition(":")
    held: list[Any] = [socket.create_connection((host, int(port))) for _ in range(SOCKETS)]
    for number in range(READERS):
        client = Client(url)
        # Another query each time, so that none shares the result of another.
        stalled = client.volumes.query().filter(F.instance_count > -1 - number).iter_batches()
        next(stalled)
        held += [client, stalled]
    sent = threading.Barrier(UPLOADS + 1)
    for number in range(UPLOADS):
        threading.Thread(target=_trickle, args=(url, number, sent), daemon=True).start()
    sent.wait()
    ready.send("ready")
    threading.Event().wait()


def _trickle(url: str, number: int, sent: threading.Barrier) -> None:
    """Send a section a second, and never end."""
    descriptor = pa.flight.FlightDescriptor.for_command(WriteCommand(verb="create").to_bytes())
    writer, _ = pa.flight.connect(url).do_put(descriptor, UPLOAD_SCHEMA)
    pause = threading.Event()
    for second in range(100_000):
        writer.write_batch(_section(f"datasource/trickle{number}x{second}"))
        if not second:
            sent.wait()
        pause.wait(1)


def _section(identifier: str) -> pa.RecordBatch:
    rows = pa.record_batch({"identifier": [identifier], "license": ["x"]})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_batch(rows)
    columns = [pa.array(["datasource"]), pa.array([sink.getvalue().to_pybytes()], pa.binary())]
    return pa.record_batch(columns, schema=UPLOAD_SCHEMA)
