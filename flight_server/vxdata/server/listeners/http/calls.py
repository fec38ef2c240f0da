"""Calls over HTTP: each crosses the boundary with the body of its request; a thread answers it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

import anyio
import anyio.to_thread
from starlette.requests import ClientDisconnect

from vxdata.schemas.errors import RequestCancelled, RequestTimedOut
from vxdata.schemas.wire import TIMEOUT
from vxdata.server.listeners.deadlines import seconds_of
from vxdata.server.listeners.http.responses import Caller, Reply, StreamedAnswer, begin

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from vxdata.server.call import Call
    from vxdata.server.limits import Limits
    from vxdata.server.listeners.boundary import Boundary, OpenCall

THREADS: Final = 64
"""Calls of one application that are answered at a time, at most; more wait for their turn."""

Answer = Callable[[bytes, "Call"], Reply]
"""Takes the body of a request and its call, and answers it."""


@dataclass(frozen=True)
class Calls:
    """Opens the calls of one application, such as that of a catalog.

    Args:
        boundary: What every call passes.
        limits: How large requests may be.
        idle: Seconds that the body of a request may be silent.
        limit: Seconds that the whole body may take.
        stall_limit: Seconds that an answer may wait for its reader.
        limiter: Limits the threads that answer.
    """

    boundary: Boundary
    limits: Limits
    idle: float
    limit: float
    stall_limit: float
    limiter: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(THREADS))

    async def answer(self, request: Request, operation: str, run: Answer) -> Response:
        """Answer a request.

        Args:
            request: The request.
            operation: What it asks for, for the log.
            run: Answers it, in a thread.

        Returns:
            The response; a long one is sent while it is still being made.

        Raises:
            CallFailed: The request failed before the first bytes of its answer.
        """
        caller = Caller(request)
        timeout = seconds_of(request.headers.getlist(TIMEOUT))
        peer = peer_of(request)
        with self.boundary.call(operation, caller.has_left, timeout=timeout, peer=peer) as opened:
            try:
                return await self._answer(request, run, opened, caller)
            except BaseException as error:
                if not isinstance(error, Exception):  # the server stops: nothing else counts the call out
                    caller.leave()
                    opened.end(RequestCancelled.code)
                raise

    async def _answer(self, request: Request, run: Answer, opened: OpenCall, caller: Caller) -> Response:
        body = await self._body(request)
        async with caller.watched():
            begun = await anyio.to_thread.run_sync(
                begin, partial(run, body), opened.call, limiter=self.limiter
            )
        if begun.is_whole:
            return begun.whole()
        return StreamedAnswer(begun, opened, caller, self.limiter, self.stall_limit)

    async def _body(self, request: Request) -> bytes:
        """Read the body, as far as its size is allowed."""
        told = request.headers.get("content-length", "")
        self._check(int(told) if told.isdecimal() else 0)
        parts: list[bytes] = []
        size = 0
        chunks = request.stream()
        until = anyio.current_time() + self.limit
        try:
            while True:
                with anyio.fail_after(min(self.idle, until - anyio.current_time())):
                    part = await anext(chunks, None)
                if part is None:
                    return b"".join(parts)
                size += len(part)
                self._check(size)
                parts.append(part)
        except ClientDisconnect:
            raise RequestCancelled("The caller has gone.") from None
        except TimeoutError:
            msg = (
                f"The body of the request was silent for {self.idle:g} seconds, or took more than "
                f"{self.limit:g} in all."
            )
            raise RequestTimedOut(msg, seconds=self.idle, limit=self.limit) from None

    def _check(self, size: int) -> None:
        self.limits.check("message_bytes", size, "Bytes of the body")


def peer_of(request: Request) -> str:
    """The network address of a caller, in the notation that Flight has for it.

    Args:
        request: The request.

    Returns:
        Such as ``ipv4:127.0.0.1:5000``; empty if unknown.
    """
    if request.client is None:
        return ""
    host, port = request.client
    return f"ipv6:[{host}]:{port}" if ":" in host else f"ipv4:{host}:{port}"
