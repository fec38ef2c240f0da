"""Keepalive: a connection on which nothing comes any more is noticed, also by a call without a timeout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.store.relay import Relay
from vxdata.schemas.errors import ServerUnavailable
from vxdata.schemas.plan import Plan
from vxdata.sdk._transport import flight as module
from vxdata.sdk._transport.flight import FlightTransport

if TYPE_CHECKING:
    from vxdata.server.app import Server


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
