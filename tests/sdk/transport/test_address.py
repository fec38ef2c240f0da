"""Addresses: what is refused at once, which way leads there, and why nothing answers."""

from __future__ import annotations

import logging
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from vxdata.schemas.errors import HandshakeFailed, InvalidRequest, RequestTimedOut, ServerUnavailable
from vxdata.sdk import Client
from vxdata.sdk._transport.address import address_of
from vxdata.sdk._transport.unreachable import explain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vxdata.server.app import Server


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("", "has no scheme"),
        ("127.0.0.1:8815", "write 'grpc://127.0.0.1:8815'"),
        ("http://127.0.0.1:8815", "must begin with one of grpc://"),
        ("grpc://", "names no host"),
        ("grpc://:8815", "names no host"),
        ("grpc://127.0.0.1", "names no port: servers listen on 8815"),
        ("grpc://127.0.0.1:99999", "Port out of range"),
        ("grpc://127.0.0.1:abc", "no address such as grpc://"),
        ("grpc://[::1:8815", "no address such as grpc://"),
        ("grpc://127.0.0.1:8815/path", "more than a scheme, a host and a port"),
        ("grpc://user:secret@127.0.0.1:8815", "more than a scheme"),
        ("grpc://:pw@127.0.0.1:1", "more than a scheme"),
        ("grpc+unix://", "names no socket"),
        ("grpc+unix://run/x.sock", "names no socket by a full path"),
    ],
)
def test_what_is_no_address_is_refused_before_any_call(url: str, problem: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        address_of(url)
    assert problem in caught.value.message
    assert "secret" not in caught.value.message
    assert "secret" not in str(caught.value.details)


def test_what_is_one() -> None:
    assert address_of("grpc://127.0.0.1:8815").is_local
    assert address_of("grpc+tcp://[::1]:8815/").is_local
    assert address_of("grpc+unix:///run/x.sock").is_local
    there = address_of("grpc+tls://data.example.org:443")
    assert (there.host, there.uses_tls, there.is_local) == ("data.example.org", True, False)


@pytest.fixture
def answering() -> Iterator[Callable[[Callable[[socket.socket], None]], int]]:
    """Starts something that is no server, and returns its port."""
    listeners = []

    def listen(answer: Callable[[socket.socket], None]) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve() -> None:
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                answer(peer)

        threading.Thread(target=serve, daemon=True).start()
        return int(listener.getsockname()[1])

    yield listen
    for listener in listeners:
        listener.close()


def reason(url: str, timeout: float | None = None) -> str:
    with Client(url, retry_seconds=0, timeout=timeout) as client, pytest.raises(ServerUnavailable) as caught:
        client.health()
    assert caught.value.details["base_url"] == url
    assert caught.value.details["reason"]
    return caught.value.message


class TestWhy:
    def test_nobody_listens(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        said = reason(f"grpc://127.0.0.1:{port}")
        assert "the connection was refused" in said
        assert "`vxdata up` starts one" in said

    def test_an_unknown_name(self) -> None:
        assert "the host name is unknown" in reason("grpc://no-such-host.invalid:8815")

    def test_no_socket(self) -> None:
        assert "there is no such socket" in reason("grpc+unix:///nowhere/vxdata.sock")

    def test_tls_to_a_plain_server(self, server: Server) -> None:
        url = server.flight_url.replace("grpc://", "grpc+tls://")
        with Client(url) as client, pytest.raises(HandshakeFailed, match="does not use TLS; try grpc://"):
            client.health()

    def test_the_port_of_http(self, answering: Callable[[Callable[[socket.socket], None]], int]) -> None:
        def refuse(peer: socket.socket) -> None:
            peer.recv(100)
            peer.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            time.sleep(0.2)
            peer.close()

        assert "a web server answers there" in reason(f"grpc://127.0.0.1:{answering(refuse)}")

    def test_a_port_that_closes(self, answering: Callable[[Callable[[socket.socket], None]], int]) -> None:
        said = reason(f"grpc://127.0.0.1:{answering(lambda peer: peer.close())}")
        assert "the connection was closed. If the server uses TLS" in said

    @pytest.mark.parametrize("scheme", ["http://", ""])
    def test_the_proxy_is_named_without_its_password(
        self, monkeypatch: pytest.MonkeyPatch, scheme: str
    ) -> None:
        monkeypatch.setenv("http_proxy", f"{scheme}me:secret@127.0.0.1:9")
        for name in ("grpc_proxy", "https_proxy", "no_proxy", "NO_PROXY", "no_grpc_proxy"):
            monkeypatch.delenv(name, raising=False)
        said = explain(address_of("grpc://data.example.org:8815"), "Connection refused")
        assert f"by way of the proxy http_proxy={scheme}127.0.0.1:9" in said
        assert "secret" not in said


@pytest.mark.parametrize("name", ["http_proxy", "https_proxy", "grpc_proxy", "ALL_PROXY"])
def test_loopback_needs_no_proxy(server: Server, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with Client(server.flight_url, retry_seconds=0) as client:
        assert client.health().status == "ok"


def test_who_waits_for_a_silent_server_is_told_so(
    answering: Callable[[Callable[[socket.socket], None]], int], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "vxdata.sdk")
    silent: list[socket.socket] = []
    url = f"grpc://127.0.0.1:{answering(silent.append)}"
    with Client(url, timeout=4) as client, pytest.raises((RequestTimedOut, ServerUnavailable)):
        client.patients.query().count()
    notices = [record.getMessage() for record in caplog.records]
    assert any(f"Waiting for {url}" in notice and "for up to 4 s" in notice for notice in notices), notices
