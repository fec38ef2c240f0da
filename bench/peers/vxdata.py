"""VxData itself, as its users call it, and as a bare Flight client sees it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.flight

from vxdata.schemas.plan import encode
from vxdata.sdk import Client, F

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench._harness.candidates import Work
    from vxdata.sdk import Query


@contextmanager
def to_polars(_: int, url: str, volume_type: str | None = None) -> Iterator[Work]:
    """Pull all volumes into a frame."""
    with Client(url) as client:
        client.volumes.query().limit(10).collect()
        yield _question(client, volume_type).collect


@contextmanager
def to_polars_at(number: int, url: str, instants: tuple[Any, ...]) -> Iterator[Work]:
    """Pull all volumes as of an instant, another one each round."""
    with Client(url) as client:
        client.volumes.query().limit(10).collect()
        yield client.volumes.query().as_of(instants[number % len(instants)]).collect


@contextmanager
def to_arrow(_: int, url: str) -> Iterator[Work]:
    """Pull all volumes into an Arrow table with nothing but a Flight client."""
    with Client(url) as client:
        ticket = encode(client.volumes.query().plan)
    with pa.flight.connect(url) as bare:
        yield lambda: bare.do_get(pa.flight.Ticket(ticket)).read_all()


@contextmanager
def first_frame(_: int, url: str) -> Iterator[Work]:
    """Ask for all volumes and wait for the first frame; the rest is cancelled, not timed."""
    begun = []

    def work() -> object:
        begun.append(client.volumes.query().iter_batches())
        return next(begun[-1])

    with Client(url) as client:
        client.volumes.query().limit(10).collect()
        yield work
        for stream in begun:
            stream.close()


@contextmanager
def slowly(_: int, url: str, pause: float) -> Iterator[Work]:
    """Go through all volumes, with a pause after each frame."""

    def work() -> int:
        rows = 0
        with client.volumes.query().iter_batches() as frames:
            for frame in frames:
                rows += frame.height
                time.sleep(pause)
        return rows

    with Client(url) as client:
        client.volumes.query().limit(10).collect()
        yield work


def _question(client: Client, volume_type: str | None) -> Query[Any]:
    query = client.volumes.query()
    return query if volume_type is None else query.filter(F.volume_type == volume_type)
