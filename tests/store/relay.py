"""A relay between client and server that can lose answers, stall and break off, as a network does."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

CHUNK = 65_536


class Relay:
    """Carries bytes both ways, until it is told to keep some to itself.

    Args:
        url: Address of the server.
    """

    def __init__(self, url: str) -> None:
        """Listen on a free port."""
        host, _, port = url.removeprefix("grpc://").rpartition(":")
        self._server = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._is_swallowing = False
        self._flows = threading.Event()
        self._flows.set()
        self._sockets: list[socket.socket] = []
        self.cuts = 0
        self.made = 0
        self.carried = 0
        self.url = f"grpc://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def swallow_answers(self) -> None:
        """From now on, the client hears nothing."""
        self._is_swallowing = True

    def stall(self) -> None:
        """From now on, nothing is carried either way, and connections stay."""
        self._flows.clear()

    def go_on(self) -> None:
        """Carry what was held back, and all that follows."""
        self._flows.set()

    def cut(self) -> None:
        """Break every connection; the next ones are sound."""
        self._is_swallowing = False
        self._flows.set()
        self.cuts += 1
        while self._sockets:
            broken = self._sockets.pop()
            with suppress(OSError):
                broken.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        """Use the relay for the length of a block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close everything."""
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self.made += 1
                self._connect(near)

    def _connect(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(self._server)
        except OSError:  # nobody listens, and that is what the client finds
            near.close()
            return
        self._sockets = [one for one in self._sockets if one.fileno() >= 0] + [near, far]
        threading.Thread(target=self._carry, args=(near, far, False), daemon=True).start()
        threading.Thread(target=self._carry, args=(far, near, True), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:  # noqa: FBT001 - private
        with suppress(OSError), source:
            while content := source.recv(CHUNK):
                self.carried += len(content)
                self._flows.wait()
                if not (is_answer and self._is_swallowing):
                    target.sendall(content)
        # Also after a reset: the other side must hear that its peer is gone.
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)
