"""The same pull over Flight and over HTTP, each by a bare client that ends with an Arrow table."""

from __future__ import annotations

from contextlib import contextmanager
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.flight

from vxdata.schemas.plan import Plan, encode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench._harness.candidates import Work

LONG: Final = 600.0
"""Seconds that an answer may take."""


@contextmanager
def by_flight(_: int, url: str, rows: int, first: bool = False) -> Iterator[Work]:  # noqa: FBT001, FBT002 - passed on by position
    """Pull volumes, or wait for the first batch of them."""
    ticket = pa.flight.Ticket(_plan(rows))
    begun: list[pa.flight.FlightStreamReader] = []

    def work() -> object:
        stream = bare.do_get(ticket)
        begun.append(stream)
        return stream.read_chunk().data.num_rows if first else stream.read_all()

    with pa.flight.connect(url) as bare:
        bare.do_get(pa.flight.Ticket(_plan(10))).read_all()
        yield work
        if first:
            for stream in begun:
                stream.cancel()


@contextmanager
def by_http(_: int, url: str, rows: int, first: bool = False) -> Iterator[Work]:  # noqa: FBT001, FBT002 - passed on by position
    """The same over HTTP, on a connection that is open already."""
    body = b'{"plan":%b}' % _plan(rows)

    def work() -> object:
        stream = _asked(connection, body)
        return stream.read_next_batch().num_rows if first else stream.read_all()

    connection = HTTPConnection(urlsplit(url).netloc, timeout=LONG)
    _asked(connection, b'{"plan":%b}' % _plan(10)).read_all()
    connection.close()
    connection.connect()
    yield work
    connection.close()


def _plan(rows: int) -> bytes:
    return encode(Plan(relation="volume", limit=rows))


def _asked(connection: HTTPConnection, body: bytes) -> pa.ipc.RecordBatchStreamReader:
    connection.request("POST", "/v1/query?format=arrow", body)
    response = connection.getresponse()
    assert response.status == 200, response.read()  # noqa: PLR2004 - OK
    return pa.ipc.open_stream(response)
