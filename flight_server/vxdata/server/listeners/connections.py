"""Connections: how many the listeners may have open, and which are closed when there are more.

pyarrow offers none of gRPC's limits, and a server without free file descriptors can do nothing. So a thread
counts the sockets of the listeners in this process. If there are too many, it closes those without a call in
progress, the ones that have been silent longest first. A well-behaved client connects again at its next call.

https://github.com/apache/arrow/issues/40257 asks for gRPC's options in pyarrow.
"""

from __future__ import annotations

import os
import resource
import socket
import struct
import sys
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

POLL_SECONDS: Final = 0.25
"""Seconds between two counts."""

RESERVED_FILES: Final = 96
"""File descriptors that are kept for connections to PostgreSQL and S3, cache files and the like."""

MIN_CONNECTIONS: Final = 16
"""Connections that are always allowed, however few file descriptors there are."""

KEEPALIVE: Final = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}
"""Seconds until a silent peer is probed, seconds between probes, and probes until it counts as gone."""

TCP_INFO_BYTES: Final = 56
LAST_DATA_RECEIVED: Final = struct.Struct("=52xI")
"""Milliseconds since data came, within Linux's `struct tcp_info` (linux/tcp.h)."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class OpenConnection:
    """A connection that a listener has accepted.

    Args:
        descriptor: Its file descriptor.
        peer: Address and port of the client.
        silent_ms: Milliseconds since the client sent data; 0 where the system does not tell.
    """

    descriptor: int
    peer: tuple[str, int]
    silent_ms: int


class ConnectionGuard:
    """Closes idle connections when there are too many, and has the system notice peers that are gone.

    Args:
        ports: Ports of the listeners.
        limit: Connections to them, at most; fewer if the process may not open as many files.
        busy_peers: Returns the peers that calls in progress come from, in gRPC's notation.
    """

    def __init__(self, ports: Collection[int], limit: int, busy_peers: Callable[[], Collection[str]]) -> None:
        """Start the thread."""
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.limit = max(min(limit, files - RESERVED_FILES), MIN_CONNECTIONS)
        self._ports = frozenset(ports)
        self._busy_peers = busy_peers
        self._closed = threading.Event()
        for descriptor in _descriptors():
            self._keep_alive(descriptor)
        self._thread = threading.Thread(target=self._watch, name="vxdata-connections", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._closed.set()
        self._thread.join()

    def connections(self) -> list[OpenConnection]:
        """Return the connections that the listeners have accepted."""
        return self._connections(_descriptors())

    def _connections(self, descriptors: Iterable[int]) -> list[OpenConnection]:
        found = (_connection(descriptor, self._ports) for descriptor in descriptors)
        return [connection for connection in found if connection is not None]

    def _watch(self) -> None:
        while not self._closed.wait(POLL_SECONDS):
            try:
                self._close_excess()
            except OSError as error:
                log.warning("connections_not_counted", reason=str(error))

    def _close_excess(self) -> None:
        descriptors = list(_descriptors())
        if len(descriptors) <= self.limit:  # as a rule: then there is no need to look at each
            return
        found = self._connections(descriptors)
        excess = len(found) - self.limit
        if excess <= 0:
            return
        busy = {endpoint(peer) for peer in self._busy_peers()}
        idle = sorted((each for each in found if each.peer not in busy), key=lambda each: -each.silent_ms)
        for connection in idle[:excess]:
            _shut_down(connection, self._ports)
        closed = len(idle[:excess])
        log.warning("idle_connections_closed", closed=closed, open=len(found) - closed, limit=self.limit)

    def _keep_alive(self, descriptor: int) -> None:
        """Have accepted connections inherit keepalive from their listening socket, as they do on Linux."""
        with _borrowed(descriptor) as listening:
            if listening is None or _port(listening) not in self._ports:
                return
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in KEEPALIVE.items():
                if hasattr(socket, name):
                    listening.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def raise_file_limit() -> int:
    """Let this process open as many files as the system allows it, and return that number."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(ValueError, OSError):  # macOS allows fewer than its hard limit says
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            return hard
    return soft


def endpoint(peer: str) -> tuple[str, int]:
    """Read a peer in gRPC's notation.

    Args:
        peer: Such as ``ipv4:127.0.0.1:5000``.

    Returns:
        Address and port; the port is 0 if there is none.

    Example:
        >>> endpoint("ipv4:127.0.0.1:5000")
        ('127.0.0.1', 5000)
        >>> endpoint("ipv6:%5B::1%5D:5000")
        ('::1', 5000)
    """
    host, _, port = unquote(peer).partition(":")[2].rpartition(":")
    return host.strip("[]"), int(port) if port.isdecimal() else 0


def _descriptors() -> Iterator[int]:
    """Yield the open file descriptors of this process, also when none is free to list them with."""
    try:
        names = os.listdir("/dev/fd")  # noqa: PTH208 - numbers, no paths
    except OSError:
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        yield from range(3, soft)
    else:
        yield from sorted(int(name) for name in names)


@contextmanager
def _borrowed(descriptor: int) -> Iterator[socket.socket | None]:
    """Use a descriptor of another owner as a socket; None if it is not one. It stays open."""
    try:
        borrowed = socket.socket(fileno=descriptor)
    except OSError:
        yield None
        return
    try:
        yield borrowed
    finally:
        borrowed.detach()


def _port(borrowed: socket.socket) -> int:
    """The local port of a TCP socket; 0 for others."""
    if borrowed.family not in {socket.AF_INET, socket.AF_INET6} or borrowed.type != socket.SOCK_STREAM:
        return 0
    return int(borrowed.getsockname()[1])


def _connection(descriptor: int, ports: Collection[int]) -> OpenConnection | None:
    """Describe an accepted connection to one of the ports; None if the descriptor is something else."""
    with _borrowed(descriptor) as borrowed:
        try:
            if borrowed is None or _port(borrowed) not in ports:
                return None
            host, port, *_ = borrowed.getpeername()  # a listening socket has no peer
            return OpenConnection(descriptor, (host, port), _silent_ms(borrowed))
        except OSError:
            return None


def _silent_ms(borrowed: socket.socket) -> int:
    if sys.platform != "linux":
        return 0
    information = borrowed.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_BYTES)
    (milliseconds,) = LAST_DATA_RECEIVED.unpack(information)
    return int(milliseconds)


def _shut_down(connection: OpenConnection, ports: Collection[int]) -> None:
    """Shut a connection down; its owner closes it. A descriptor that has been used again is left alone."""
    now = _connection(connection.descriptor, ports)
    if now is None or now.peer != connection.peer:
        return
    with _borrowed(connection.descriptor) as borrowed, suppress(OSError):
        if borrowed is not None:
            borrowed.shutdown(socket.SHUT_RDWR)
