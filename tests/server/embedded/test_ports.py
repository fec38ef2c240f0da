from __future__ import annotations

import socket

import pytest

from vxdata.server.embedded import NoFreePorts, ports
from vxdata.server.embedded.ports import GRPC_OFFSET, LOOPBACK, free_port_pairs, is_free, is_listening


def test_pairs_differ_and_stay_below_the_ports_of_outgoing_connections() -> None:
    chosen = free_port_pairs(5)
    every = {*chosen, *(port + GRPC_OFFSET for port in chosen)}
    assert len(every) == 10
    assert all(1024 < port < 32768 for port in every)


def test_a_taken_port_is_seen() -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        port = taken.getsockname()[1]
        assert not is_free(port)
        assert not is_listening(port)
        taken.listen()
        assert is_listening(port)
    assert is_free(port)


def test_no_port_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "is_free", lambda _: False)
    with pytest.raises(NoFreePorts, match="10 free ports"):
        free_port_pairs(5)
