"""Forged, truncated and replayed credentials: none is accepted, and none ends the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.server.identities.forged import GRPC_REFUSALS, HTTP_REFUSALS, forgeries, try_flight, try_http
from vxdata.schemas.identity import EVERYTHING, Role
from vxdata.server.identities.token_store import TokenStore

if TYPE_CHECKING:
    from vxdata.server.app import Server
    from vxdata.server.database.pool import ConnectionPool

CALLS = 500


@pytest.mark.slow
def test_none_is_accepted(guarded: Server, database: ConnectionPool) -> None:
    store = TokenStore(database)
    token = store.create("right", Role.ADMINISTRATOR, EVERYTHING).get_secret_value()
    revoked = store.create("revoked", Role.ADMINISTRATOR, EVERYTHING).get_secret_value()
    store.revoke("revoked")
    flight_port, http_port = (int(url.rpartition(":")[2]) for url in (guarded.flight_url, guarded.http_url))

    over_flight = try_flight(flight_port, list(forgeries(1, CALLS, token, revoked)))
    assert sum(over_flight.values()) == CALLS
    assert set(over_flight) <= GRPC_REFUSALS | {"cut"}
    assert over_flight["NOT_AUTHENTICATED"] > CALLS // 2

    over_http = try_http(http_port, list(forgeries(2, CALLS, token, revoked)))
    assert sum(over_http.values()) == CALLS
    assert set(over_http) <= HTTP_REFUSALS
    assert over_http[401] > CALLS // 2

    right = [[b"Bearer " + token.encode()]]
    assert dict(try_http(http_port, right)) == {200: 1}
    assert dict(try_flight(flight_port, right)) == {"ACCEPTED": 1}
