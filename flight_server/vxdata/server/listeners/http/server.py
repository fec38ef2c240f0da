"""The HTTP server: an application in a thread of its own."""

from __future__ import annotations

import math
import socket
import threading
from typing import TYPE_CHECKING, Final

import uvicorn

from vxdata.server.listeners.http.client_certificates import NamingProtocol

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

    from starlette.applications import Starlette

STOP_SECONDS: Final = 5
"""How long a check that is under way may hold up the end."""

BACKLOG: Final = 64
"""Connections that wait to be accepted, at most. Without a free file descriptor, asyncio logs as many errors
at a time: https://github.com/python/cpython/issues/151615"""


class HttpServer:
    """Serves an application from a thread of its own.

    Args:
        app: The application.
        host: Address to listen on.
        port: Port, or 0 for a free one.
        proxies: Addresses and networks of proxies, which say whom a request comes from. Nobody else is
            believed: callers are told apart, and their calls limited, by their addresses.
        root_path: Path that a proxy takes off requests.
        tls: Encrypts connections; without it they are not.
    """

    def __init__(
        self,
        app: Starlette,
        host: str,
        port: int,
        proxies: Sequence[str] = (),
        root_path: str = "",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Bind the port, and begin to serve."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # Only if the protocol is named does asyncio switch off the delay of small packets: without that, the
        # body of an answer waits for the acknowledgement of its head, 40 ms.
        self._socket = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((host, port))
            # At once, not when the thread gets to it: until then another process could take the port.
            self._socket.listen()
        except OSError:
            self._socket.close()
            raise
        config = uvicorn.Config(
            app,
            http=NamingProtocol,
            ws="none",  # nothing here speaks WebSocket
            ssl_context_factory=None if tls is None else lambda *_: tls,
            log_config=None,
            access_log=False,
            lifespan="off",
            proxy_headers=bool(proxies),
            forwarded_allow_ips=list(proxies),
            root_path=root_path,
            timeout_graceful_shutdown=STOP_SECONDS,
            backlog=BACKLOG,
        )
        config.load()  # its imports open files, of which there may be none left once clients connect
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="vxdata-http", daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._socket.getsockname()[1])

    def close(self, seconds: float = STOP_SECONDS) -> None:
        """Stop serving, and free the port.

        Args:
            seconds: How long answers that are under way may go on; then they are broken off.
        """
        self._server.config.timeout_graceful_shutdown = math.ceil(seconds)
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()
