"""Callers: clients that say who they are or do not, over TLS or without, and the calls that they make."""

from __future__ import annotations

import random
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench._harness.figures import Moved
from bench.peers.calls import WARM_CALLS, seconds_of
from vxdata.sdk import TLS, Client

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bench._harness.candidates import Work


@dataclass(frozen=True)
class Caller:
    """Somebody who calls a server.

    Args:
        url: The server.
        token: What the caller shows, a bearer token or a JWT; None for nothing.
        ca: File with the authority that vouches for the server; None for a server without TLS.
    """

    url: str
    token: str | None = field(default=None, repr=False)
    ca: str | None = None

    def connect(self) -> Client:
        """Connect, with what the caller shows and whom it trusts."""
        return Client(self.url, token=self.token, tls=None if self.ca is None else TLS(ca=self.ca))


@contextmanager
def reading(number: int, callers: Mapping[str, Caller], volumes: Sequence[str], calls: int) -> Iterator[Work]:
    """Retrieve volumes one by one, as one caller after the other.

    The order changes with every turn: who follows another finds other pages in PostgreSQL's memory.

    Args:
        number: Of the round.
        callers: By name.
        volumes: A volume for each call.
        calls: Calls that count, of each caller.
    """
    with ExitStack() as stack:
        clients = {name: stack.enter_context(caller.connect()) for name, caller in callers.items()}
        turns, unasked = random.Random(number), iter(volumes)

        def retrieve(client: Client) -> float:
            identifier = next(unasked)
            return seconds_of(lambda: client.volumes.retrieve(identifier, include_children=False))

        def take_turns(count: int) -> dict[str, list[float]]:
            series: dict[str, list[float]] = {name: [] for name in clients}
            for _ in range(count):
                for name in turns.sample(list(clients), len(clients)):
                    series[name].append(retrieve(clients[name]))
            return series

        def work() -> Moved:
            return Moved(calls * len(clients), series=take_turns(calls))

        take_turns(WARM_CALLS)
        yield work


@contextmanager
def pulling(_: int, caller: Caller) -> Iterator[Work]:
    """Pull all volumes into a frame."""
    with caller.connect() as client:
        client.volumes.query().limit(10).collect()
        yield client.volumes.query().collect
