"""The transport over Arrow Flight: the only module of the SDK that imports pyarrow.flight."""

from __future__ import annotations

import math
import threading
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Self, cast

import pyarrow as pa
import pyarrow.flight
from pydantic import ValidationError

from vxdata.schemas.cohorts.plan import CohortPlan
from vxdata.schemas.errors import (
    InternalError,
    InvalidRequest,
    RequestTimedOut,
    ServerUnavailable,
    VxDataError,
)
from vxdata.schemas.wire import (
    ACCEPT_LINEAGE,
    AS_OF_KEY,
    CATALOG_KEY,
    COMPRESSION,
    DIGEST_KEY,
    RELEASE_KEY,
    TIMEOUT,
    UPLOAD_SCHEMA,
    VERSION_KEY,
    Action,
    CommitMarker,
    CommitReceipt,
    WireError,
)
from vxdata.schemas.wire.tickets import CohortTicket, Ticket, encode_ticket
from vxdata.sdk._transport.address import address_of
from vxdata.sdk._transport.base import TIMELESS, Origin, Stream, Written
from vxdata.sdk._transport.compression import codec_for
from vxdata.sdk._transport.notice import WaitNotice
from vxdata.sdk._transport.processes import HOLDERS, keep_for_ever, use_network
from vxdata.sdk._transport.read_ahead import ReadAhead
from vxdata.sdk._transport.retry import RETRY_LIMIT, Retries
from vxdata.sdk._transport.unreachable import explain
from vxdata.sdk._transport.write_behind import WriteBehind, call_in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from vxdata.schemas.plan import Plan
    from vxdata.schemas.wire import WriteCommand
    from vxdata.sdk._transport.base import Batches
    from vxdata.sdk._transport.compression import Wanted
    from vxdata.sdk._transport.read_ahead import Cancel

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


class FlightTransport:
    """Speaks to one server.

    Args:
        base_url: Address such as ``grpc://127.0.0.1:8815``.
        timeout: Seconds that a call may take from its first to its last byte; without a limit if None.
        compression: How answers and uploads are compressed, if the server knows the codec.
        retry_seconds: Seconds for which calls are tried again while the server cannot be reached.

    Raises:
        InvalidRequest: The address has another scheme, or is malformed, or there is no such codec.
    """

    def __init__(
        self,
        base_url: str,
        timeout: float | None,
        compression: Wanted = "auto",
        retry_seconds: float = RETRY_LIMIT,
    ) -> None:
        """Prepare the connection; it is made at the first call."""
        self._address = address_of(base_url)
        self._timeout = timeout
        self._arguments = (base_url, timeout, compression, retry_seconds)
        self.retries = Retries(min(retry_seconds, math.inf if timeout is None else timeout))
        self._connected: pa.flight.FlightClient | None = None
        self._connecting = threading.Lock()
        self._is_closed = False
        codec = codec_for(self._address, compression)
        headers = [] if codec is None else [(COMPRESSION.encode(), codec.encode())]
        if timeout is not None:
            headers.append((TIMEOUT.encode(), str(timeout).encode()))
        self._options, self._lineage_options = (
            pa.flight.FlightCallOptions(
                timeout=timeout,
                headers=[*headers, *more],
                read_options=ALIGNED,
                write_options=pa.ipc.IpcWriteOptions(compression=codec),
            )
            for more in ([], [(ACCEPT_LINEAGE.encode(), b"1")])
        )

    def read(self, plan: Plan | CohortPlan, *, whole: bool = False, catalog: str | None = None) -> Stream:
        """Run a plan; the ticket holds the plan itself, so this is one round trip."""
        ticket = CohortTicket(plan) if isinstance(plan, CohortPlan) else Ticket(plan, catalog)
        source = partial(self._arriving, encode_ticket(ticket))
        arriving = ReadAhead(source, self._notice(), whole=whole)
        return _stream(cast("pa.Schema", next(arriving)), arriving)

    def _arriving(
        self, ticket: bytes, opened: Callable[[Cancel], None]
    ) -> Iterator[pa.Schema | pa.RecordBatch]:
        """Yield the schema, then the batches.

        Chunk by chunk: `read_all` turns a server's cancel into KeyboardInterrupt.
        """
        with self._translated():
            reader = self._client.do_get(pa.flight.Ticket(ticket), self._options)
            opened(reader.cancel)
            yield reader.schema
            for chunk in reader:
                yield chunk.data

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

        The lineage is a message of its own behind the receipt.
        """
        upload = WriteBehind(partial(self._upload, command, rows, lineage=lineage))
        notice = self._notice()

        def on_wait() -> None:
            if not upload.is_taken:  # else the server is there, and works
                notice()

        try:
            if all(map(upload.give, sections)):
                upload.end()
                if meanwhile is not None:
                    meanwhile()
            return _written(*upload.answer(on_wait))
        finally:
            upload.give_up()

    def _upload(
        self,
        command: WriteCommand,
        rows: int | Callable[[], int],
        sections: Iterator[pa.RecordBatch],
        *,
        lineage: bool,
    ) -> tuple[pa.Buffer | None, pa.Buffer | None]:
        with self._translated():
            descriptor = pa.flight.FlightDescriptor.for_command(command.to_bytes())
            options = self._lineage_options if lineage else self._options
            writer, answers = self._client.do_put(descriptor, UPLOAD_SCHEMA, options)
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
        with self._translated():
            results = list(self._client.do_action((action.value, body), self._options))
        return bytes(results[0].body)

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
                self._connected = pa.flight.connect(self._address.url, generic_options=options)
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
        wire = _wire_error(error)
        if wire is not None:
            self.retries.has_answered = True
            return _rebuilt(self._whole(wire))
        # A server that stops cancels calls that it has not begun.
        if isinstance(error, pa.flight.FlightUnavailableError | pa.flight.FlightCancelledError):
            said = _first_line(error)
            message = explain(self._address, said, is_known=self.retries.has_answered)
            return ServerUnavailable(message, base_url=self._address.url, reason=said)
        if isinstance(error, pa.flight.FlightTimedOutError):
            return RequestTimedOut("The call took longer than the client's timeout.")
        if isinstance(error, pa.ArrowInvalid) and "is closed" in str(error):
            return self._closed()
        return InternalError(f"The call failed: {_first_line(error)}")

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


def _first_line(error: Exception) -> str:
    """What was said, without what only gRPC's developers understand."""
    return str(error).partition("\n")[0].partition(". gRPC client debug context")[0][:300]


def _stream(arrow_schema: pa.Schema, batches: Batches) -> Stream:
    """A result whose metadata tell the instant that it was read at, or the catalog that it comes from."""
    metadata: dict[bytes, bytes] = arrow_schema.metadata or {}
    bare = arrow_schema.remove_metadata()
    if CATALOG_KEY in metadata:
        release = metadata.get(RELEASE_KEY)
        origin = Origin(
            metadata[CATALOG_KEY].decode(),
            metadata[DIGEST_KEY].decode(),
            None if release is None else release.decode(),
        )
        return Stream(bare, TIMELESS, 0, batches, origin)
    as_of = datetime.fromisoformat(metadata[AS_OF_KEY].decode())
    return Stream(bare, as_of, int(metadata[VERSION_KEY]), batches)


def _written(receipt: pa.Buffer | None, lineage: pa.Buffer | None) -> Written:
    """Read the response to an upload."""
    if receipt is None:
        msg = "The server ended the upload without a receipt."
        raise InternalError(msg)
    table = None if lineage is None else pa.ipc.open_stream(lineage).read_all()
    return Written(CommitReceipt.model_validate_json(receipt.to_pybytes()), table)


def _rebuilt(wire: WireError) -> VxDataError:
    error = VxDataError.from_wire(wire.model_dump())
    if isinstance(error, InternalError):
        error.details["request_id"] = wire.request_id
    return error


def _wire_error(error: Exception) -> WireError | None:
    extra = getattr(error, "extra_info", None)
    if not extra:
        return None
    try:
        return WireError.model_validate_json(extra)
    except ValidationError:
        return None
