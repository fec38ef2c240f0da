"""Connections: idle ones are closed when there are too many, and no call notices."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.server.support import until
from vxdata.sdk import Client
from vxdata.server.listeners.connections import KEEPALIVE, ConnectionGuard, endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import SecretStr

LIMIT = 16


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A listening socket."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listener:
        yield listener


def accepted(
    listener: socket.socket, count: int, stack: ExitStack
) -> list[tuple[socket.socket, socket.socket]]:
    """Connect so many times; pairs of the client's socket and the accepted one."""
    pairs = []
    for _ in range(count):
        client = stack.enter_context(socket.create_connection(listener.getsockname()))
        pairs.append((client, stack.enter_context(listener.accept()[0])))
    return pairs


def is_open(client: socket.socket) -> bool:
    client.setblocking(False)  # noqa: FBT003 - the standard library's
    try:
        return client.recv(1) != b""
    except BlockingIOError:
        return True


def test_the_longest_silent_go_first(listening: socket.socket) -> None:
    with ExitStack() as stack:
        pairs = accepted(listening, LIMIT + 4, stack)
        port = listening.getsockname()[1]
        guard = stack.enter_context(closing(ConnectionGuard([port], 1000, frozenset)))
        quiet, talking = pairs[:4], pairs[4:]
        until(lambda: min(each.silent_ms for each in guard.connections()) > 20, "all have been silent")
        for client, server in talking:
            client.sendall(b"x")
            assert server.recv(1) == b"x"
        guard.limit = LIMIT
        until(lambda: not any(is_open(client) for client, _ in quiet), "the silent ones are closed")
        assert all(is_open(client) for client, _ in talking)


def test_one_with_a_call_in_progress_stays(listening: socket.socket) -> None:
    with ExitStack() as stack:
        pairs = accepted(listening, LIMIT + 4, stack)
        busy = {f"ipv4:127.0.0.1:{client.getsockname()[1]}" for client, _ in pairs[:10]}
        port = listening.getsockname()[1]
        stack.enter_context(closing(ConnectionGuard([port], LIMIT, lambda: busy)))
        until(lambda: sum(is_open(client) for client, _ in pairs) == LIMIT, "the excess is closed")
        assert all(is_open(client) for client, _ in pairs[:10])


def test_other_sockets_of_the_process_are_left_alone(listening: socket.socket) -> None:
    with ExitStack() as stack, socket.create_server(("127.0.0.1", 0), backlog=100) as other:
        pairs = accepted(other, LIMIT + 4, stack)
        port = listening.getsockname()[1]
        guard = stack.enter_context(closing(ConnectionGuard([port], LIMIT, frozenset)))
        assert guard.connections() == []
        assert all(is_open(client) for client, _ in pairs)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, accepted sockets inherit no options")
def test_peers_that_are_gone_are_noticed(listening: socket.socket) -> None:
    with ExitStack() as stack:
        port = listening.getsockname()[1]
        stack.enter_context(closing(ConnectionGuard([port], LIMIT, frozenset)))
        ((_, server),) = accepted(listening, 1, stack)
        assert server.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        for name, value in KEEPALIVE.items():
            assert server.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) == value


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("ipv4:127.0.0.1:5000", ("127.0.0.1", 5000)),
        ("ipv6:[::1]:5000", ("::1", 5000)),
        ("ipv6:%5B::1%5D:5000", ("::1", 5000)),
        ("unix:/run/vxdata.sock", ("", 0)),
        ("", ("", 0)),
    ],
)
def test_peers(peer: str, expected: tuple[str, int]) -> None:
    assert endpoint(peer) == expected


FILES = 160

SERVER = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, ({FILES}, {FILES}))
from pydantic import SecretStr
from vxdata.server.app import Server
from vxdata.server.config import Settings
uri = SecretStr(sys.stdin.readline().strip())
settings = Settings(port=0, http_port=0, database_uri=uri, authentication="off")
with Server(settings) as server:
    print(server.flight_url, server.http_url, flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts the sockets of Linux")
@pytest.mark.parametrize("listener", ["Flight", "HTTP"])
def test_more_idle_sockets_than_files(database_uri: SecretStr, tmp_path: Any, listener: str) -> None:
    """The server closes them, serves others meanwhile, and does not fill its log."""
    log = tmp_path / "log"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VXDATA_")}
    with log.open("w") as errors:
        child = subprocess.Popen(
            [sys.executable, "-c", SERVER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=environment,
        )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write(f"{database_uri.get_secret_value()}\n")
        child.stdin.flush()
        flight_url, http_url = child.stdout.readline().split()
        target = flight_url if listener == "Flight" else http_url
        host, _, port = target.rpartition("/")[2].rpartition(":")
        with ExitStack() as stack:
            idle = [
                stack.enter_context(socket.create_connection((host, int(port)))) for _ in range(2 * FILES)
            ]
            until(lambda: sum(map(is_open, idle)) <= FILES, "most of them are closed")
            for _ in range(5):
                with Client(flight_url) as client:
                    assert client.data_sources.query().limit(1).collect().height <= 1
                assert httpx.get(f"{http_url}/readyz", trust_env=False, timeout=30).status_code == 200
        assert log.stat().st_size < 1_000_000
    finally:
        child.stdin.close()
        child.wait(60)
        child.stdout.close()
    assert child.returncode == 0


def test_this_process_may_open_enough_files() -> None:
    """The tests above open several hundred."""
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 4 * FILES
