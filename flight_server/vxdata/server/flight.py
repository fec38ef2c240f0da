"""The Flight listener: decode a call, ask a service, encode the answer.

The only module of the server that imports pyarrow.flight.
"""

from __future__ import annotations

import functools
import secrets
from typing import TYPE_CHECKING, Any, Final, TypeVar, get_args

import pyarrow as pa
import pyarrow.flight
import structlog
from pydantic import ValidationError

from vxdata.schemas.errors import (
    InternalError,
    InvalidTicket,
    RequestCancelled,
    RequestTimedOut,
    ServerUnavailable,
    ServiceProblem,
    UnknownAction,
    VxDataError,
)
from vxdata.schemas.messages import did_you_mean
from vxdata.schemas.plan import decode, encode
from vxdata.schemas.types.arrow import response_schema
from vxdata.schemas.wire import (
    ACCEPT_LINEAGE,
    ACTION_DESCRIPTIONS,
    COMPRESSION,
    Action,
    BlobUrls,
    Compression,
    ExternalUids,
    ListRequest,
    Message,
    PresignRequest,
    WriteCommand,
)
from vxdata.server.lineage import Lineage
from vxdata.server.uploads import sections

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vxdata.schemas.registry import Registry
    from vxdata.server.errors import ErrorDesk
    from vxdata.server.services import Services

MOST_COMMAND_BYTES: Final = 16 * 1024
"""Longest command of an upload: what its caller says of itself goes into the commit log."""

MOST_BODY_BYTES: Final = 64 * 1024 * 1024
"""Largest body of an action: a million external uids."""

ACCEPTED: Final = "accepted"
"""Name of the middleware."""

log = structlog.get_logger(__name__)
Answer = TypeVar("Answer")
Body = TypeVar("Body", bound=Message)


class _Unformattable(ValueError):
    """What `get_schema` raises: pyarrow sends the traceback of every exception from there.

    It formats the traceback with the standard library, which fails on this property; pyarrow then
    falls back to the bare class name.
    """

    @property
    def __cause__(self) -> None:  # type: ignore[override]
        raise RuntimeError


FLIGHT_ERRORS: Final[tuple[tuple[type[VxDataError], Any], ...]] = (
    (RequestTimedOut, pa.flight.FlightTimedOutError),
    (InternalError, pa.flight.FlightInternalError),
    (RequestCancelled, pa.flight.FlightServerError),
    (ServiceProblem, pa.flight.FlightUnavailableError),
    (VxDataError, pa.flight.FlightServerError),
)
"""Error class -> gRPC status, the first match counts.

Never FlightCancelledError: a client that reads in its main thread would see KeyboardInterrupt.
"""


def boundary(method: Callable[..., Answer]) -> Callable[..., Answer]:
    """Let nothing out of a Flight method but errors of our own, without traceback, SQL or path."""

    @functools.wraps(method)
    def guarded(self: FlightServer, context: Any, *arguments: Any) -> Answer:
        request_id = secrets.token_hex(8)
        with structlog.contextvars.bound_contextvars(request_id=request_id, rpc=method.__name__):
            try:
                self.refuse_if_draining()
                return method(self, context, *arguments)
            except Exception as error:  # noqa: BLE001 - the boundary: pyarrow would send the traceback
                raise self.flight_error(error, request_id) from None

    return guarded


class FlightServer(pa.flight.FlightServerBase):
    """Serves plans, uploads and actions.

    Args:
        location: Address to listen on, such as ``grpc://127.0.0.1:0``.
        services: The use cases.
        registry: The payload types.
        errors: Describes exceptions for the wire.

    Raises:
        OSError: The server cannot listen there.
    """

    def __init__(self, location: str, services: Services, registry: Registry, errors: ErrorDesk) -> None:
        """Begin to serve: a pyarrow server listens once it is constructed."""
        self._services = services
        self._registry = registry
        self._errors = errors
        self._draining = False
        try:
            super().__init__(location, middleware={ACCEPTED: _AcceptedFactory()})
        except pa.ArrowException as error:
            # gRPC tells the reason on standard error alone.
            msg = (
                f"Cannot listen on {location}: the port is taken, or the address is not one of this machine."
            )
            raise OSError(msg) from error

    def drain(self) -> None:
        """Refuse new calls; those in progress go on."""
        self._draining = True

    def refuse_if_draining(self) -> None:
        """Tell a new caller that the server is about to stop.

        Raises:
            ServerUnavailable: It is.
        """
        if self._draining:
            msg = "The server is shutting down; try again."
            raise ServerUnavailable(msg)

    def flight_error(self, error: Exception, request_id: str) -> pa.flight.FlightError:
        """The Flight error that carries ours."""
        shown, wire = self._errors.to_wire(error, request_id)
        flight_class = next(found for error_class, found in FLIGHT_ERRORS if isinstance(shown, error_class))
        return flight_class(f"{wire.code}: {wire.message}", wire.to_bytes())

    @boundary
    def do_get(
        self, context: pa.flight.ServerCallContext, ticket: pa.flight.Ticket
    ) -> pa.flight.FlightDataStream:
        """Run the plan that the ticket is."""
        result = self._services.read.run(decode(ticket.ticket), context.is_cancelled)
        options = pa.ipc.IpcWriteOptions(compression=context.get_middleware(ACCEPTED).codec)
        if result.is_whole:  # C++ sends a table without asking the interpreter for what comes next
            table = pa.Table.from_batches(list(result.batches), result.arrow_schema)
            return pa.flight.RecordBatchStream(table, options=options)
        batches = self._guarded_batches(result.batches)
        return pa.flight.GeneratorStream(result.arrow_schema, batches, options=options)

    def _guarded_batches(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        request_id = secrets.token_hex(8)
        try:
            yield from batches
        except Exception as error:  # noqa: BLE001 - the boundary of a stream already begun
            raise self.flight_error(error, request_id) from None

    @boundary
    def get_flight_info(
        self, _context: pa.flight.ServerCallContext, descriptor: pa.flight.FlightDescriptor
    ) -> pa.flight.FlightInfo:
        """Check the plan in the descriptor's command; the ticket is the plan at a fixed instant."""
        if descriptor.command is None:
            return self._listing(_resource_type(descriptor))
        plan, arrow_schema = self._services.read.describe(decode(descriptor.command))
        endpoint = pa.flight.FlightEndpoint(pa.flight.Ticket(encode(plan)), [])
        return pa.flight.FlightInfo(arrow_schema, descriptor, [endpoint], -1, -1)

    @boundary
    def list_flights(
        self, _context: pa.flight.ServerCallContext, _criteria: bytes
    ) -> Iterator[pa.flight.FlightInfo]:
        """List the payload types; the path of each is its identifier prefix."""
        return iter([self._listing(payload_type.prefix) for payload_type in self._registry])

    def _listing(self, resource_type: str) -> pa.flight.FlightInfo:
        arrow_schema = response_schema(self._registry.get(resource_type))
        descriptor = pa.flight.FlightDescriptor.for_path(resource_type)
        return pa.flight.FlightInfo(arrow_schema, descriptor, [], -1, -1)

    def get_schema(
        self, context: pa.flight.ServerCallContext, descriptor: pa.flight.FlightDescriptor
    ) -> pa.flight.SchemaResult:
        """The schema of a payload type, or of a plan's result."""
        try:
            return pa.flight.SchemaResult(self.get_flight_info(context, descriptor).schema)
        except pa.flight.FlightError as error:
            raise _Unformattable(str(error)) from None

    @boundary
    def do_put(
        self,
        context: pa.flight.ServerCallContext,
        descriptor: pa.flight.FlightDescriptor,
        reader: pa.flight.MetadataRecordBatchReader,
        writer: pa.flight.FlightMetadataWriter,
    ) -> None:
        """Write what is uploaded, in one commit; the answer is its receipt, and lineage for who takes it."""
        command = _write_command(descriptor)
        lineage = context.get_middleware(ACCEPTED).lineage
        receipt = self._services.write.write(command, sections(reader), context.is_cancelled, lineage)
        log.info("committed", verb=command.verb, version=receipt.version, counts=receipt.counts)
        writer.write(receipt.to_bytes())
        if lineage is not None and (kept := lineage.to_buffer()) is not None:
            writer.write(kept)

    @boundary
    def do_exchange(
        self, _context: pa.flight.ServerCallContext, _descriptor: Any, _reader: Any, _writer: Any
    ) -> None:
        """Refuse: pyarrow's own refusal would send a traceback."""
        msg = "This server has no exchanges: read with do_get, write with do_put."
        raise UnknownAction(msg)

    @boundary
    def list_actions(self, _context: pa.flight.ServerCallContext) -> list[tuple[str, str]]:
        """Document the actions."""
        return [(action.value, description) for action, description in ACTION_DESCRIPTIONS.items()]

    @boundary
    def do_action(self, context: pa.flight.ServerCallContext, action: pa.flight.Action) -> list[bytes]:
        """Run an action; every one answers with one JSON body."""
        answer: Message
        match action.type:
            case Action.HEALTH:
                answer = self._services.health.check()
            case Action.REGISTER:
                answer = self._services.register.register(_body(ExternalUids, action))
            case Action.RESOLVE:
                answer = self._services.register.resolve(_body(ExternalUids, action))
            case Action.EXPLAIN:
                plan = decode(action.body.to_pybytes())
                answer = self._services.read.explain(plan, context.is_cancelled)
            case Action.ERROR_DETAIL:
                return [self._errors.whole(action.body.to_pybytes().decode("utf-8", "replace"))]
            case Action.BLOB_STORE:
                answer = self._services.blobs.describe()
            case Action.PRESIGN:
                answer = self._services.blobs.presign(_body(PresignRequest, action))
            case Action.LIST_BLOBS:
                answer = self._services.blobs.list(_body(ListRequest, action))
            case Action.TOUCH:
                answer = self._services.blobs.touch(_body(BlobUrls, action))
            case unknown:
                msg = f"There is no action {unknown!r}. {did_you_mean(unknown, Action)}"
                raise UnknownAction(msg, action=unknown)
        return [answer.to_bytes()]


class _Accepted(pa.flight.ServerMiddleware):
    """What the caller of one call accepts.

    One piece of middleware for all of it: C++ asks the interpreter three times for each.
    """

    def __init__(self, codec: Compression | None, lineage: Lineage | None) -> None:
        self.codec = codec
        self.lineage = lineage


class _AcceptedFactory(pa.flight.ServerMiddlewareFactory):
    """Finds out what a caller accepts."""

    def start_call(self, _info: Any, headers: dict[str, list[str]]) -> _Accepted:
        """Take the first codec that we know, or none; keep lineage for those who take it."""
        accepted = [name.strip() for name in ",".join(headers.get(COMPRESSION, ())).split(",")]
        known: dict[str, Compression] = {name: name for name in get_args(Compression)}
        codec = next((known[name] for name in accepted if name in known), None)
        return _Accepted(codec, Lineage() if headers.get(ACCEPT_LINEAGE) == ["1"] else None)


def _resource_type(descriptor: pa.flight.FlightDescriptor) -> str:
    path: list[str] = [part.decode("utf-8", "replace") for part in descriptor.path or ()]
    if len(path) != 1:
        msg = f"The path of a flight is one resource type, not {'/'.join(path)!r:.100}."
        raise InvalidTicket(msg)
    return path[0]


def _write_command(descriptor: pa.flight.FlightDescriptor) -> WriteCommand:
    command = _message(WriteCommand, descriptor.command or b"", MOST_COMMAND_BYTES)
    if any("\x00" in text for pair in command.client.items() for text in pair):
        msg = "What the upload's command says of its client holds a NUL character."
        raise InvalidTicket(msg)
    return command


def _body(kind: type[Body], action: pa.flight.Action) -> Body:
    return _message(kind, action.body.to_pybytes(), MOST_BODY_BYTES)


def _message(kind: type[Body], body: bytes, most_bytes: int) -> Body:
    """Read the JSON that an upload's command or an action's body must be."""
    if len(body) > most_bytes:
        msg = f"A {kind.__name__} takes at most {most_bytes:,} bytes, not {len(body):,}."
        raise InvalidTicket(msg)
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        problems = "; ".join(str(problem["msg"]) for problem in error.errors(include_url=False)[:3])
        msg = f"The body is not a {kind.__name__} that this server knows: {problems}."
        raise InvalidTicket(msg) from error
