"""Responses: the bytes of an answer, sent while PostgreSQL writes the rest of it.

The iterators of answers block, so threads ask them; how many at a time is limited for each catalog, so that
one that is slow leaves the event loop and the health checks alone. Answers that have begun have threads of
their own: they hold the connections for which others that begin wait in their threads. The event loop notices
when a caller has left, and the thread that cancels statements asks for it.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import anyio
import structlog
from starlette.responses import Response

from vxdata.schemas.errors import RequestCancelled
from vxdata.server.listeners.boundary import CallFailed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from vxdata.server.call import Call
    from vxdata.server.listeners.boundary import OpenCall
    from vxdata.server.listeners.http.threads import CallThreads

WHOLE_BYTES: Final = 64 * 1024
"""Bytes up to which an answer is collected; one that ends within them has a length."""

PIECE_BYTES: Final = 1024 * 1024
"""Bytes that are handed to the connection at a time, at most."""

JSON: Final = "application/json"

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Reply:
    """What answers a request.

    Args:
        chunks: The bytes, made while they are asked for.
        media_type: What they are; None for an answer without content.
        status: Status of the response.
        headers: Further headers of it.
    """

    chunks: Generator[bytes | memoryview]
    media_type: str | None = JSON
    status: int = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)


def once(content: bytes) -> Generator[bytes | memoryview]:
    """The bytes of an answer that is there already."""
    yield content


class Caller:
    """The caller of a request: whether it is still there.

    Args:
        request: The request, whose body has been read.
    """

    def __init__(self, request: Request) -> None:
        """Begin with a caller that is there."""
        self._receive = request.receive
        self._left = threading.Event()

    def has_left(self) -> bool:
        """Return whether it has gone; called from other threads."""
        return self._left.is_set()

    def leave(self) -> None:
        """Count it as gone."""
        self._left.set()

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Notice that it goes, for the length of a block."""
        watching = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.leave()


@dataclass(frozen=True)
class Begun:
    """The beginning of an answer.

    Args:
        reply: The answer.
        first: Its first chunks.
        is_whole: Whether nothing follows.
    """

    reply: Reply
    first: tuple[bytes | memoryview, ...]
    is_whole: bool

    def whole(self) -> Response:
        """The response, of which nothing is left to be made."""
        reply = self.reply
        return Response(b"".join(self.first), reply.status, dict(reply.headers), reply.media_type)


def begin(run: Callable[[Call], Reply], call: Call) -> Begun:
    """Run a question until the first bytes of its answer are there: until then, a failure can have a status.

    Args:
        run: Answers the call.
        call: The call.

    Returns:
        The beginning of the answer.
    """
    reply = run(call)
    first: list[bytes | memoryview] = []
    size = 0
    for chunk in reply.chunks:
        call.trail.send(len(chunk))
        first.append(chunk)
        size += len(chunk)
        if size > WHOLE_BYTES:
            return Begun(reply, tuple(first), is_whole=False)
    return Begun(reply, tuple(first), is_whole=True)


class StreamedAnswer(Response):
    """An answer that is sent while it is made; unless its headers tell its length, nobody knows that yet.

    Args:
        begun: Its beginning.
        opened: The call that it belongs to.
        caller: Who asked.
        threads: The threads that make the rest of it.
        stall_limit: Seconds that bytes may wait for the caller to take them.
    """

    def __init__(
        self,
        begun: Begun,
        opened: OpenCall,
        caller: Caller,
        threads: CallThreads,
        stall_limit: float,
    ) -> None:
        """Keep the call open."""
        reply = begun.reply
        self._first, self._chunks = begun.first, reply.chunks
        self._rest: Iterator[bytes | memoryview] = opened.stream(reply.chunks)
        self._opened = opened
        self._caller = caller
        self._threads = threads
        self._stall_limit = stall_limit
        super().__init__(None, reply.status, dict(reply.headers), reply.media_type)
        if "content-length" not in map(str.lower, reply.headers):
            del self.headers["content-length"]

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it; an answer that fails midway is broken off, so that nobody takes it for whole.

        A thread makes the next chunk while this one is sent.
        """
        ahead: asyncio.Task[bytes | memoryview | None] | None = None
        try:
            async with self._caller.watched():
                await send(
                    {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
                )
                ahead = asyncio.create_task(self._next())
                for part in self._first:
                    await self._send(send, part)
                self._first = ()
                while (chunk := await ahead) is not None:
                    ahead = asyncio.create_task(self._next())
                    await self._send(send, chunk)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except (CallFailed, _Gone, TimeoutError, OSError) as error:
            log.info(
                "answer_broken_off", request_id=self._opened.call.request_id, reason=type(error).__name__
            )
        finally:
            self._caller.leave()
            with anyio.CancelScope(shield=True):
                await _settled(ahead)
                await self._threads.run(self._opened.call.caller, self._close)

    async def _next(self) -> bytes | memoryview | None:
        return await self._threads.run(self._opened.call.caller, next, self._rest, None)

    async def _send(self, send: Send, chunk: Any) -> None:
        """Send a chunk, in pieces: what has been handed over is copied, and waits in memory."""
        pieces = memoryview(chunk)
        for begin in range(0, len(pieces), PIECE_BYTES):
            if self._caller.has_left():
                raise _Gone
            piece = pieces[begin : begin + PIECE_BYTES]
            with anyio.fail_after(self._stall_limit):
                await send({"type": "http.response.body", "body": piece, "more_body": True})

    def _close(self) -> None:
        # When the server stops, a thread may still wait for the next bytes; it is cancelled, and closes then.
        with suppress(ValueError):
            self._chunks.close()
        self._opened.end(RequestCancelled.code)


async def _settled(ahead: asyncio.Task[Any] | None) -> None:
    """Wait until nothing asks for the next chunk; a caller who has left ends that soon."""
    if ahead is None:
        return
    await asyncio.wait({ahead})
    if not ahead.cancelled():
        ahead.exception()  # it has been told, or nobody is there to be told


class _Gone(Exception):
    """The caller has gone."""
