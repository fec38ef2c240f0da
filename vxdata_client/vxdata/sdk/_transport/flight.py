"""The transport over Arrow Flight: the only module of the SDK that imports pyarrow.flight."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

import pyarrow as pa
import pyarrow.flight

from vxdata.schemas.cohorts.plan import CohortPlan
from vxdata.schemas.errors import (
    HandshakeFailed,
    InternalError,
    InvalidRequest,
    NotAuthenticated,
    RequestTimedOut,
    ServerUnavailable,
    VxDataError,
)
from vxdata.schemas.wire import (
    ACCEPT_LINEAGE,
    COMPRESSION,
    TIMEOUT,
    UPLOAD_SCHEMA,
    Action,
    CommitMarker,
    WireError,
)
from vxdata.schemas.wire.tickets import CohortTicket, Ticket, encode_ticket
from vxdata.sdk._transport.address import address_of
from vxdata.sdk._transport.compression import codec_for
from vxdata.sdk._transport.credentials import credentials_of
from vxdata.sdk._transport.notice import WaitNotice
from vxdata.sdk._transport.processes import HOLDERS, keep_for_ever, use_network
from vxdata.sdk._transport.read_ahead import ReadAhead
from vxdata.sdk._transport.received import error_of, first_line, stream_of, wire_error_of, written_of
from vxdata.sdk._transport.retry import RETRY_LIMIT, Retries
from vxdata.sdk._transport.tls import tls_of
from vxdata.sdk._transport.unreachable import explain, handshake_problem
from vxdata.sdk._transport.write_behind import WriteBehind, call_in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vxdata.schemas.plan import Plan
    from vxdata.schemas.wire import WriteCommand
    from vxdata.sdk._transport.base import Stream, Written
    from vxdata.sdk._transport.compression import Wanted
    from vxdata.sdk._transport.credentials import Credentials
    from vxdata.sdk._transport.read_ahead import Cancel
    from vxdata.sdk._transport.tls import TLS

Answer = TypeVar("Answer")

KEEPALIVE = (
    ("grpc.keepalive_time_ms", 300_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.http2.ping_timeout_ms", 20_000),  # the one that counts: it is a minute by default
)
"""A server that is gone is noticed after some five minutes of silence. gRPC's servers end the connections of
clients that ask more often: https://grpc.io/docs/guides/keepalive/."""

RECONNECT = (("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 1_000))
"""A server that was away is found again within a second or two. By default gRPC does not even try for up to
two minutes, and fails all calls meanwhile: https://github.com/grpc/grpc/blob/master/doc/connection-backoff.md.
"""

ALIGNED = pa.ipc.IpcReadOptions(ensure_alignment=pa.ipc.Alignment.At64Byte)
"""Buffers lie anywhere in the messages of gRPC. Those that begin at no multiple of 64 bytes are copied to one
by the thread that reads ahead; else Polars would copy most of them, and Acero warn of each."""


AUTHORIZATION = b"authorization"
"""The header of a call that holds its token."""


@dataclass(frozen=True)
class _Calling:
    """What calls are made with, as long as the token stays the same; options would show it as well.

    Args:
        token: The token; None for none.
        options: Of calls.
        lineage_options: Of uploads that ask for the lineage of what they create.
    """

    token: str | None = field(repr=False)
    options: Any = field(repr=False)
    lineage_options: Any = field(repr=False)


class FlightTransport:
    """Speaks to one server.

    Args:
        base_url: Address such as ``grpc://127.0.0.1:8815``.
        timeout: Seconds that a call may take from its first to its last byte; without a limit if None.
        compression: How answers and uploads are compressed, if the server knows the codec.
        retry_seconds: Seconds for which calls are tried again while the server cannot be reached.
        credentials: The token; if None, that of the environment or of the address's credentials file.
        tls: Whom to trust, and what to show, at a ``grpc+tls://`` address; as the environment says if None.

    Raises:
        InvalidRequest: The address has another scheme, or is malformed, or has no TLS though some is given,
            or there is no such codec.
    """

    def __init__(
        self,
        base_url: str,
        timeout: float | None,
        compression: Wanted = "auto",
        retry_seconds: float = RETRY_LIMIT,
        credentials: Credentials | None = None,
        tls: TLS | None = None,
    ) -> None:
        """Prepare the connection; it is made at the first call."""
        self._address = address_of(base_url)
        self._timeout = timeout
        self._credentials = credentials or credentials_of(self._address)
        self._tls = tls_of(self._address, tls)
        self._arguments = (base_url, timeout, compression, retry_seconds, self._credentials, tls)
        self.retries = Retries(min(retry_seconds, math.inf if timeout is None else timeout))
        self._connected: pa.flight.FlightClient | None = None
        self._connecting = threading.Lock()
        self._is_closed = False
        self._codec = codec_for(self._address, compression)
        self._prepared: _Calling | None = None

    def read(self, plan: Plan | CohortPlan, *, whole: bool = False, catalog: str | None = None) -> Stream:
        """Run a plan; the ticket holds the plan itself, so this is one round trip."""
        ticket = CohortTicket(plan) if isinstance(plan, CohortPlan) else Ticket(plan, catalog)
        source = partial(self._arriving, encode_ticket(ticket))
        arriving = ReadAhead(source, self._notice(), whole=whole)
        return stream_of(cast("pa.Schema", next(arriving)), arriving)

    def _arriving(
        self, ticket: bytes, opened: Callable[[Cancel], None]
    ) -> Iterator[pa.Schema | pa.RecordBatch]:
        """Yield the schema, then the batches.

        Chunk by chunk: `read_all` turns a server's cancel into KeyboardInterrupt.
        """
        reader = self._admitted(partial(self._open, ticket))
        opened(reader.cancel)
        with self._translated():
            yield reader.schema
            for chunk in reader:
                yield chunk.data

    def _open(self, ticket: bytes, calling: _Calling) -> Any:
        with self._translated():
            return self._client.do_get(pa.flight.Ticket(ticket), calling.options)

    def write(
        self,
        command: WriteCommand,
        sections: Iterable[pa.RecordBatch],
        rows: int | Callable[[], int],
        *,
        lineage: bool = False,
        meanwhile: Callable[[], None] | None = None,
    ) -> Written:
        """Upload sections and end with the commit marker; what lacks it, the server does not write.

        The lineage is a separate message after the receipt.
        """
        write = partial(self._write, command, sections, rows, lineage=lineage, meanwhile=meanwhile)
        return self._admitted(write, may_repeat=not isinstance(sections, Iterator))

    def _write(
        self,
        command: WriteCommand,
        sections: Iterable[pa.RecordBatch],
        rows: int | Callable[[], int],
        calling: _Calling,
        *,
        lineage: bool,
        meanwhile: Callable[[], None] | None,
    ) -> Written:
        upload = WriteBehind(partial(self._upload, command, rows, calling, lineage=lineage))
        notice = self._notice()

        def on_wait() -> None:
            if not upload.is_taken:  # else the server is there, and works
                notice()

        try:
            if all(map(upload.give, sections)):
                upload.end()
                if meanwhile is not None:
                    meanwhile()
            return written_of(*upload.answer(on_wait))
        finally:
            upload.give_up()

    def _upload(
        self,
        command: WriteCommand,
        rows: int | Callable[[], int],
        calling: _Calling,
        sections: Iterator[pa.RecordBatch],
        *,
        lineage: bool,
    ) -> tuple[pa.Buffer | None, pa.Buffer | None]:
        with self._translated():
            descriptor = pa.flight.FlightDescriptor.for_command(command.to_bytes())
            writer, answers = self._client.do_put(
                descriptor, UPLOAD_SCHEMA, calling.lineage_options if lineage else calling.options
            )
            with writer:
                for section in sections:
                    writer.write_batch(section)
                writer.write_metadata(CommitMarker(rows=rows if isinstance(rows, int) else rows()).to_bytes())
                writer.done_writing()
                return answers.read(), answers.read() if lineage else None

    def act(self, action: Action, body: bytes = b"") -> bytes:
        """Run an action and return the body of its response."""
        return call_in_thread(partial(self._act, action, body), self._notice())

    def _act(self, action: Action, body: bytes) -> bytes:
        return self._admitted(partial(self._ask, action, body))

    def _ask(self, action: Action, body: bytes, calling: _Calling) -> bytes:
        with self._translated():
            results = list(self._client.do_action((action.value, body), calling.options))
        return bytes(results[0].body)

    def _admitted(self, call: Callable[[_Calling], Answer], *, may_repeat: bool = True) -> Answer:
        """Make a call; once more if the server refuses the token, and there is another one by now."""
        calling = self._calling()
        try:
            return call(calling)
        except NotAuthenticated:
            if not may_repeat or not self._credentials.renew(calling.token):
                raise
        return call(self._calling())

    def _calling(self) -> _Calling:
        """What calls are made with now; prepared once for each token."""
        token = self._credentials.token
        if self._prepared is None or self._prepared.token != token:
            self._prepared = self._prepare(token)
        return self._prepared

    def _prepare(self, token: str | None) -> _Calling:
        headers = []
        if self._codec is not None:
            headers.append((COMPRESSION.encode(), self._codec.encode()))
        if self._timeout is not None:
            headers.append((TIMEOUT.encode(), str(self._timeout).encode()))
        if token is not None:
            headers.append((AUTHORIZATION, f"Bearer {token}".encode()))
        options, lineage_options = (
            pa.flight.FlightCallOptions(
                timeout=self._timeout,
                headers=[*headers, *more],
                read_options=ALIGNED,
                write_options=pa.ipc.IpcWriteOptions(compression=self._codec),
            )
            for more in ([], [(ACCEPT_LINEAGE.encode(), b"1")])
        )
        return _Calling(token, options, lineage_options)

    def close(self) -> None:
        """Close the connection."""
        self._is_closed = True
        if self._connected is not None:
            self._connected.close()

    @property
    def _client(self) -> pa.flight.FlightClient:
        """The connection; it is made at the first call, in the process that makes it."""
        if self._connected is None:
            self._connect()
        return self._connected

    def _connect(self) -> None:
        use_network()
        with self._connecting:
            if self._is_closed:
                raise self._closed()
            if self._connected is None:
                options = [
                    *KEEPALIVE,
                    *RECONNECT,
                    ("grpc.enable_http_proxy", int(not self._address.is_local)),
                ]
                tls = {} if self._tls is None else self._tls.arguments()
                self._connected = pa.flight.connect(self._address.url, generic_options=options, **tls)
                HOLDERS.add(self)

    def leave_to_parent(self) -> None:
        """In a forked child: keep away from the connection of the parent."""
        keep_for_ever(self._connected)
        self._connected = None

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle as the way to connect: the copy makes a connection of its own."""
        return type(self), self._arguments, self.retries.has_answered

    def __setstate__(self, has_answered: bool) -> None:  # noqa: FBT001 - pickle passes it so
        """Know whether the server has been reached: then its restarts are waited for longer."""
        self.retries.has_answered = has_answered

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        """Share the connection with copies in the same process."""
        return self

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (pa.flight.FlightError, pa.ArrowException) as error:
            raise self._error(error) from error

    def _error(self, error: Exception) -> VxDataError:
        """The error that the server raised, else one that tells what failed between it and us."""
        wire = wire_error_of(error)
        if wire is not None:
            self.retries.has_answered = True
            told = error_of(self._whole(wire))
            if isinstance(told, NotAuthenticated):
                told.add_note(self._credentials.hint)
            return told
        # A server that stops cancels calls that it has not begun.
        if isinstance(error, pa.flight.FlightUnavailableError | pa.flight.FlightCancelledError):
            said = first_line(error)
            problem = handshake_problem(self._address, said)
            if problem is not None:
                return HandshakeFailed(problem, base_url=self._address.url, reason=said)
            message = explain(self._address, said, is_known=self.retries.has_answered)
            return ServerUnavailable(message, base_url=self._address.url, reason=said)
        if isinstance(error, pa.flight.FlightTimedOutError):
            return RequestTimedOut("The call took longer than the client's timeout.")
        if isinstance(error, pa.ArrowInvalid) and "is closed" in str(error):
            return self._closed()
        return InternalError(f"The call failed: {first_line(error)}")

    def _notice(self) -> WaitNotice:
        return WaitNotice(self._address.url, self._timeout, self.retries)

    def _closed(self) -> InvalidRequest:
        return InvalidRequest("This client is closed; make a new one.", base_url=self._address.url)

    def _whole(self, wire: WireError) -> WireError:
        """Fetch what did not fit into the trailer, or make do with it if the server has let it go."""
        if not wire.abridged:
            return wire
        try:
            return WireError.model_validate_json(self._act(Action.ERROR_DETAIL, wire.request_id.encode()))
        except VxDataError:
            return wire
