"""The transport over Arrow Flight: the only module of the SDK that imports pyarrow.flight."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, cast

import pyarrow as pa
import pyarrow.flight
from pydantic import ValidationError

from vxdata.schemas.errors import (
    IncompleteUpload,
    InternalError,
    InvalidRequest,
    RequestTimedOut,
    ServerUnavailable,
    VxDataError,
)
from vxdata.schemas.wire import (
    ACCEPT_LINEAGE,
    AS_OF_KEY,
    COMPRESSION,
    TIMEOUT,
    UPLOAD_SCHEMA,
    VERSION_KEY,
    Action,
    CommitMarker,
    CommitReceipt,
    WireError,
)
from vxdata.schemas.wire.tickets import Ticket, encode_ticket
from vxdata.sdk._transport.base import Stream, Written
from vxdata.sdk._transport.compression import codec_for
from vxdata.sdk._transport.read_ahead import ReadAhead
from vxdata.sdk._transport.retry import RETRY_LIMIT, Retries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vxdata.schemas.plan import Plan
    from vxdata.schemas.wire import WriteCommand
    from vxdata.sdk._transport.compression import Wanted
    from vxdata.sdk._transport.read_ahead import Cancel

KEEPALIVE = (
    ("grpc.keepalive_time_ms", 300_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.http2.ping_timeout_ms", 20_000),  # the one that counts: it is a minute by default
)
"""A server that is gone is noticed after some five minutes of silence. gRPC's servers end the connections of
clients that ask more often: https://grpc.io/docs/guides/keepalive/."""

SCHEMES = ("grpc://", "grpc+tcp://", "grpc+tls://", "grpc+unix://")


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
        if not base_url.startswith(SCHEMES):
            msg = f"base_url must begin with one of {', '.join(SCHEMES)}, not {base_url!r}."
            raise InvalidRequest(msg, base_url=base_url)
        self._base_url = base_url
        self.retries = Retries(min(retry_seconds, math.inf if timeout is None else timeout))
        try:
            self._client = pa.flight.connect(base_url, generic_options=[*KEEPALIVE])
        except pa.ArrowInvalid as error:
            msg = f"base_url {base_url!r} is no address such as grpc://127.0.0.1:8815: {error}."
            raise InvalidRequest(msg, base_url=base_url) from error
        self._has_timeout = timeout is not None
        codec = codec_for(base_url, compression)
        headers = [] if codec is None else [(COMPRESSION.encode(), codec.encode())]
        if timeout is not None:
            headers.append((TIMEOUT.encode(), str(timeout).encode()))
        self._options, self._lineage_options = (
            pa.flight.FlightCallOptions(
                timeout=timeout,
                headers=[*headers, *more],
                write_options=pa.ipc.IpcWriteOptions(compression=codec),
            )
            for more in ([], [(ACCEPT_LINEAGE.encode(), b"1")])
        )

    def read(self, plan: Plan, *, whole: bool = False) -> Stream:
        """Run a plan; the ticket holds the plan itself, so this is one round trip."""
        arriving = ReadAhead(partial(self._arriving, encode_ticket(Ticket(plan))), whole=whole)
        arrow_schema = cast("pa.Schema", next(arriving))
        metadata = arrow_schema.metadata or {}
        return Stream(
            arrow_schema=arrow_schema.remove_metadata(),
            as_of=datetime.fromisoformat(metadata[AS_OF_KEY].decode()),
            version=int(metadata[VERSION_KEY]),
            batches=arriving,
        )

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
        rows: int,
        *,
        lineage: bool = False,
        meanwhile: Callable[[], None] | None = None,
    ) -> Written:
        """Upload sections and end with the commit marker; what lacks it, the server does not write.

        The lineage is a message of its own behind the receipt.
        """
        if self._has_timeout:  # it is for the server and the way there, not for what is done here
            meanwhile = None
        made = _Remembered(sections)
        with made.error_first(), self._translated():
            descriptor = pa.flight.FlightDescriptor.for_command(command.to_bytes())
            options = self._lineage_options if lineage else self._options
            writer, answers = self._client.do_put(descriptor, UPLOAD_SCHEMA, options)
            with writer:
                for section in made:
                    writer.write_batch(section)
                writer.write_metadata(CommitMarker(rows=rows).to_bytes())
                writer.done_writing()
                if meanwhile is not None:
                    meanwhile()
                receipt, told = answers.read(), answers.read() if lineage else None
        return _written(receipt, told)

    def act(self, action: Action, body: bytes = b"") -> bytes:
        """Run an action and return the body of its response."""
        with self._translated():
            results = list(self._client.do_action((action.value, body), self._options))
        return bytes(results[0].body)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

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
            return _rebuilt(self._whole(wire))
        # A server that stops cancels calls that it has not begun.
        if isinstance(error, pa.flight.FlightUnavailableError | pa.flight.FlightCancelledError):
            msg = f"Nothing answers at {self._base_url}. Is the server running? (`vxdata up` starts one.)"
            return ServerUnavailable(msg, base_url=self._base_url)
        if isinstance(error, pa.flight.FlightTimedOutError):
            return RequestTimedOut("The call took longer than the client's timeout.")
        if isinstance(error, pa.ArrowInvalid) and "is closed" in str(error):
            return InvalidRequest("This client is closed; make a new one.", base_url=self._base_url)
        return InternalError(f"The call failed: {str(error).splitlines()[0][:300]}")

    def _whole(self, wire: WireError) -> WireError:
        """Fetch what did not fit into the trailer, or make do with it if the server has let it go."""
        if not wire.abridged:
            return wire
        try:
            return WireError.model_validate_json(self.act(Action.ERROR_DETAIL, wire.request_id.encode()))
        except VxDataError:
            return wire


class _Remembered(Iterator[pa.RecordBatch]):
    """Sections that remember the error that ended their making.

    A call that is left by an error is closed, and then raises what the server says of that: the upload
    broke off. The caller wants to know why.

    Args:
        sections: The sections.
    """

    def __init__(self, sections: Iterable[pa.RecordBatch]) -> None:
        """Begin."""
        self._sections = iter(sections)
        self._error: BaseException | None = None

    def __next__(self) -> pa.RecordBatch:
        """Make the next section."""
        try:
            return next(self._sections)
        except StopIteration:
            raise
        except BaseException as error:
            self._error = error
            raise

    @contextmanager
    def error_first(self) -> Iterator[None]:
        """Raise the remembered error instead of those that followed from it."""
        try:
            yield
        except Exception:
            if self._error is None:
                raise
        if self._error is not None:
            raise self._error


def _written(receipt: pa.Buffer | None, lineage: pa.Buffer | None) -> Written:
    """Read the response to an upload."""
    if receipt is None:
        msg = "The server ended the upload without a receipt."
        raise IncompleteUpload(msg)
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
