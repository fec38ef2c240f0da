"""The other limit: a Flight server that holds the answer in memory and does nothing but send it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.flight

from bench._harness.candidates import Server, apart
from vxdata.schemas.plan import encode
from vxdata.sdk import Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection


class _Holder(pa.flight.FlightServerBase):
    """Answers every ticket with one table.

    Args:
        table: In batches of the size that it is sent in.
    """

    def __init__(self, table: pa.Table) -> None:
        super().__init__("grpc://127.0.0.1:0")
        self._table = table

    def do_get(self, _context: object, _ticket: object) -> pa.flight.FlightDataStream:
        """Stream it, in C++ from end to end."""
        return pa.flight.RecordBatchStream(self._table)


@contextmanager
def holder(url: str) -> Iterator[Server]:
    """Hold all volumes of a VxData server, in the batches that it sends, and answer like it.

    Args:
        url: The server; it is asked once.

    Yields:
        The holder.
    """
    with apart(_serve, url) as (pid, talk):
        yield Server(pid, talk.recv())


def _serve(talk: Connection, url: str) -> None:
    with Client(url) as client:
        ticket = encode(client.volumes.query().plan)
    with pa.flight.connect(url) as bare:
        table = bare.do_get(pa.flight.Ticket(ticket)).read_all()
    with _Holder(table) as server:
        talk.send(f"grpc://127.0.0.1:{server.port}")
        talk.poll(None)  # until the other end is closed
