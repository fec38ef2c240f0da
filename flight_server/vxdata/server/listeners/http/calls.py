"""Calls over HTTP: each crosses the boundary with the body of its request; a thread answers it.

Who calls is found out in a thread as well, since that may have to ask others. Doors that are open to callers
who are not known take small bodies alone, which have to arrive before the call takes a place.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final

import anyio
import anyio.to_thread
from starlette.requests import ClientDisconnect

from vxdata.schemas.errors import LimitExceeded, RequestCancelled, RequestTimedOut
from vxdata.schemas.identity import Right
from vxdata.schemas.wire import TIMEOUT
from vxdata.server.database.errors import StatementCancelled
from vxdata.server.identities.authenticator import Presented
from vxdata.server.identities.doors import DOORS
from vxdata.server.listeners.boundary import shutting_down
from vxdata.server.listeners.deadlines import require_seconds, seconds_of
from vxdata.server.listeners.http.client_certificates import client_certificate
from vxdata.server.listeners.http.hosts import SESSION_COOKIE
from vxdata.server.listeners.http.responses import Caller, Reply, StreamedAnswer, begin
from vxdata.server.listeners.http.threads import THREADS, CallThreads

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from vxdata.server.call import Call
    from vxdata.server.identities.gate import Identified
    from vxdata.server.identities.signatures import SignedAddress
    from vxdata.server.limits import Limits
    from vxdata.server.listeners.boundary import Boundary, OpenCall
    from vxdata.server.listeners.http.body_room import Body, BodyRoom

CALLER: Final = "vxdata.caller"
"""Key in an ASGI scope: what the gate has found out about the caller, where it has been asked already."""

OPEN_BYTES: Final = 16 * 1024
"""Bytes of a body at a door that is open to everybody: nobody is known yet who could be given more room."""

OPEN_SECONDS: Final = 5.0
"""Seconds in which such a body has to arrive."""

Answer = Callable[[bytes, "Call"], Reply]
"""Takes the body of a request and its call, and answers it."""


@dataclass(frozen=True)
class Calls:
    """Opens the calls of one application, such as that of a catalog.

    Args:
        boundary: What every call passes.
        mount: First part of the application's paths, as the list of doors has it.
        limits: How large requests may be.
        idle: Seconds that the body of a request may be silent.
        limit: Seconds that the whole body may take.
        stall_limit: Seconds that an answer may wait for its reader.
        bodies: The memory for bodies.
        threads: The threads in which answers begin.
        streaming: The threads that make the rest of long answers.
        gatekeepers: Limits the threads that find out who calls.
    """

    boundary: Boundary
    mount: str
    limits: Limits
    idle: float
    limit: float
    stall_limit: float
    bodies: BodyRoom
    threads: CallThreads = field(default_factory=CallThreads)
    streaming: CallThreads = field(default_factory=CallThreads)
    gatekeepers: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(THREADS))

    async def answer(
        self,
        request: Request,
        operation: str,
        run: Answer,
        *,
        address: SignedAddress | None = None,
    ) -> Response:
        """Answer a request.

        Args:
            request: The request.
            operation: What it asks for, for the log.
            run: Answers it, in a thread.
            address: What is read, where its address is signed: this tells who calls, if nothing else does.

        Returns:
            The response; a long one is sent while it is still being made.

        Raises:
            CallFailed: The request failed before the first bytes of its answer, or the server stopped.
        """
        caller = Caller(request)
        told = request.headers.getlist(TIMEOUT)
        found: Identified | None = request.scope.get(CALLER)
        if found is None:
            shown = replace(presented_by(request), address=address)
            found = await anyio.to_thread.run_sync(
                self.boundary.gate.identify, shown, limiter=self.gatekeepers
            )
        door = door_of(request, self.mount)
        is_open = DOORS.get(door) is Right.NOTHING
        with self.boundary.call(
            operation,
            caller.has_left,
            timeout=seconds_of(told),
            caller=found,
            door=door,
            peer=peer_of(request),
            admit_now=not is_open,
        ) as opened:
            require_seconds(told)
            try:
                with self.bodies.body(opened.call.caller) as parts:
                    body = await self._body(request, parts, is_open=is_open)
                    opened.call.trail.received = len(body)
                    if is_open:
                        opened.admit()
                    return await self._answer(partial(run, body), opened, caller)
            except asyncio.CancelledError:  # the grace period is over; nothing else cancels a request
                caller.leave()  # the thread ends, and its statement
                raise shutting_down() from None

    async def _answer(self, run: Callable[[Call], Reply], opened: OpenCall, caller: Caller) -> Response:
        async with caller.watched():
            try:
                begun = await self.threads.run(opened.call.caller, begin, run, opened.call)
            except (RequestCancelled, StatementCancelled) as error:
                if self.boundary.is_draining and not opened.call.is_cancelled():  # nobody but the server has
                    raise shutting_down() from error
                raise
        if begun.is_whole:
            return begun.whole()
        return StreamedAnswer(begun, opened, caller, self.streaming, self.stall_limit)

    async def _body(self, request: Request, parts: Body, *, is_open: bool) -> bytes:
        """Read the body, as far as its size and its time are allowed."""
        most, seconds = (OPEN_BYTES, OPEN_SECONDS) if is_open else (None, self.limit)
        told = request.headers.get("content-length", "")
        self._check(int(told) if told.isdecimal() else 0, most)
        chunks = request.stream()
        until = anyio.current_time() + seconds
        try:
            while True:
                with anyio.fail_after(min(self.idle, until - anyio.current_time())):
                    part = await anext(chunks, None)
                if part is None:
                    return parts.whole()
                self._check(len(parts) + len(part), most)
                parts.add(part)
        except ClientDisconnect:
            raise RequestCancelled("The caller has gone.") from None
        except TimeoutError:
            msg = (
                f"The body of the request was silent for {self.idle:g} seconds, or took more than "
                f"{seconds:g} in all."
            )
            raise RequestTimedOut(msg, seconds=self.idle, limit=seconds) from None

    def _check(self, size: int, most: int | None) -> None:
        if most is not None and size > most:
            msg = f"Bytes of the body: {size:,}, over the limit of {most:,} of this operation."
            raise LimitExceeded(msg, limit=most, found=size)
        self.limits.check("message_bytes", size, "Bytes of the body")


def presented_by(request: Request) -> Presented:
    """Read what a request shows of its caller.

    Args:
        request: The request.

    Returns:
        Its header `Authorization`, the name in its client's certificate, and the session of its cookie;
        several headers become what nobody takes.
    """
    stated = request.headers.getlist("authorization")
    authorization = ", ".join(stated) if stated else None
    certificate = client_certificate(request.scope)
    return Presented(authorization, certificate, session=request.cookies.get(SESSION_COOKIE))


def door_of(request: Request, mount: str) -> str:
    """Name the door that a request comes to.

    Args:
        request: The request, whose route has been found.
        mount: First part of the application's paths.

    Returns:
        Such as ``GET /v1/types``.
    """
    path: str = request.scope["route"].path
    return f"{request.method} /{mount}{path.rstrip('/')}"


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
