"""Connections that break: silence is noticed, and a server that was away is found again soon."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.store.relay import Relay
from vxdata.schemas.errors import ServerUnavailable
from vxdata.schemas.plan import Plan
from vxdata.schemas.wire import Action
from vxdata.sdk._transport import flight as module
from vxdata.sdk._transport.flight import FlightTransport
from vxdata.server.app import Server

if TYPE_CHECKING:
    from vxdata.server.config import Settings


@pytest.mark.slow
def test_a_half_open_connection_ends_the_read(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    # gRPC asks no more often than every ten seconds, whatever it is told.
    options = {"grpc.keepalive_time_ms": 10_000, "grpc.http2.ping_timeout_ms": 500}
    monkeypatch.setattr(module, "KEEPALIVE", tuple((dict(module.KEEPALIVE) | options).items()))
    with Relay(server.flight_url) as relay:
        transport = FlightTransport(relay.url, timeout=None)
        assert transport.read(Plan(relation="datasource", limit=1)).version >= 0
        relay.swallow_answers()
        with pytest.raises(ServerUnavailable):
            transport.read(Plan(relation="datasource", limit=1))


@pytest.mark.slow
def test_a_server_that_was_away_for_a_while_is_found_at_once(settings: Settings) -> None:
    with Server(settings) as first:
        url = first.flight_url
    again = settings.model_copy(update={"port": int(url.rpartition(":")[2])})
    transport = FlightTransport(url, timeout=None)
    until = time.monotonic() + 16  # by then gRPC would wait for ten seconds before it tries again
    while time.monotonic() < until:
        with pytest.raises(ServerUnavailable):
            transport.act(Action.HEALTH)
        time.sleep(0.2)
    with Server(again):
        time.sleep(2 * max(milliseconds for _, milliseconds in module.RECONNECT) / 1000)
        assert transport.act(Action.HEALTH)
