"""The Flight methods: decode a request, ask a service, encode the response."""

from __future__ import annotations

from functools import partial, wraps
from typing import TYPE_CHECKING, Any, Final, TypeVar

import pyarrow as pa
import pyarrow.flight
import structlog

from vxdata.schemas.errors import InvalidTicket, UnknownAction
from vxdata.schemas.types.arrow import response_schema
from vxdata.schemas.wire import ACTION_DESCRIPTIONS, Action
from vxdata.schemas.wire.tickets import CohortTicket, Ticket, decode_ticket, encode_ticket
from vxdata.server.identities.authenticator import Presented
from vxdata.server.identities.doors import require
from vxdata.server.ingest.validation.structure import check_columns
from vxdata.server.limits import DEFAULT_LIMITS, Limits
from vxdata.server.listeners.boundary import Boundary
from vxdata.server.listeners.flight.actions import Actions
from vxdata.server.listeners.flight.handshake import Handshake
from vxdata.server.listeners.flight.headers import HEADERS, HeadersFactory
from vxdata.server.listeners.flight.messages import read_write_command
from vxdata.server.listeners.flight.status import flight_error
from vxdata.server.listeners.flight.uploads import sections

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from vxdata.schemas.catalog.registry import Registry
    from vxdata.schemas.payload_type import PayloadType
    from vxdata.schemas.wire import Verb
    from vxdata.server.call import Call
    from vxdata.server.identities.gate import Gate
    from vxdata.server.listeners.admission import Admission
    from vxdata.server.listeners.boundary import Observer, OpenCall
    from vxdata.server.listeners.errors import ErrorReporter
    from vxdata.server.listeners.flight.headers import Headers
    from vxdata.server.services import Services
    from vxdata.server.services.read import Result
    from vxdata.server.tls.endpoint import Endpoint
    from vxdata.server.tls.files import TlsFiles

LISTENER: Final = "flight"

ACTION_NAMES: Final = frozenset(Action)

log = structlog.get_logger(__name__)
Response = TypeVar("Response")


class _Unformattable(ValueError):
    """The exception that `get_schema` raises: pyarrow sends the traceback of every other one.

    It formats the traceback with the standard library, which fails on this property; pyarrow then
    falls back to the bare class name.
    """

    @property
    def __cause__(self) -> None:  # type: ignore[override]
        raise RuntimeError


def operation(method: Callable[..., Response]) -> Callable[..., Response]:
    """Make a Flight method of one that takes an open call and the caller's headers.

    The gate is asked first: who calls, and whether the operation is open to them.

    Whatever it raises leaves as a Flight error of ours, without traceback, SQL or path.
    """

    @wraps(method)
    def within_boundary(self: FlightServer, context: Any, *arguments: Any) -> Response:
        headers = context.get_middleware(HEADERS)
        name = method.__name__.strip("_")
        shown = self.presented(headers, context.peer_identity())
        with self.boundary.call(
            name,
            context.is_cancelled,
            timeout=headers.timeout,
            caller=self.boundary.gate.identify(shown),
            door=_door(name, arguments),
            peer=context.peer(),
        ) as opened:
            self.limits.check("header_bytes", headers.size, "Bytes of the headers")
            return method(self, opened, headers, *arguments)

    return within_boundary


def _door(name: str, arguments: tuple[Any, ...]) -> str:
    """The door that a method leads to: each action has its own, and those that do not exist share one."""
    if name == "do_action" and arguments[0].type in ACTION_NAMES:
        return f"action:{arguments[0].type}"
    return name


class FlightServer(pa.flight.FlightServerBase):
    """Serves plans, uploads and actions.

    Args:
        endpoint: Where to listen.
        services: The use cases.
        registry: The payload types.
        errors: Describes exceptions for the wire.
        gate: Knows who calls, and which operations are open to them.
        observers: Told of every call that has ended.
        admission: Limits the calls in progress.
        limits: How large the messages of clients may be.

    Attributes:
        boundary: What every call passes.

    Raises:
        OSError: The server cannot listen there.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        services: Services,
        registry: Registry,
        errors: ErrorReporter,
        gate: Gate,
        observers: Sequence[Observer] = (),
        admission: Admission | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        """Begin to serve: a pyarrow server listens once it is constructed."""
        self.boundary = Boundary(LISTENER, errors, gate, observers, flight_error, admission)
        self.limits = limits
        self._services = services
        self._registry = registry
        self._actions = Actions(services, errors)
        # Where pyarrow answers handshakes, it tells nobody whose certificate a client shows.
        has_certificates = endpoint.tls is not None and endpoint.tls.client_authorities is not None
        offers_handshake = gate.is_required and not has_certificates
        self._handshake = Handshake(self.boundary) if offers_handshake else None
        try:
            super().__init__(
                endpoint.flight_url,
                auth_handler=self._handshake,
                middleware={HEADERS: HeadersFactory(self._handshake)},
                **_tls_arguments(endpoint.tls),
            )
        except pa.ArrowException as error:
            # gRPC tells the reason on standard error alone.
            msg = (
                f"Cannot listen on {endpoint.flight_url}: the port is taken, or the address is not one of "
                "this machine."
            )
            raise OSError(msg) from error

    def presented(self, headers: Headers, certificate: bytes) -> Presented:
        """Tell what a call shows of its caller.

        Args:
            headers: The headers of the call.
            certificate: The name in its client's certificate, as pyarrow tells it; empty without one.
        """
        return Presented(headers.authorization, certificate.decode("utf-8", "replace"))

    @operation
    def do_get(
        self, opened: OpenCall, headers: Headers, ticket: pa.flight.Ticket
    ) -> pa.flight.FlightDataStream:
        """Run the plan of the ticket."""
        content = ticket.ticket
        self._take(opened, "ticket_bytes", len(content), "Bytes of the ticket")
        result = self._result(decode_ticket(content), opened.call)
        options = pa.ipc.IpcWriteOptions(compression=headers.codec)
        if result.is_whole:  # C++ sends a table without asking the interpreter for what comes next
            table = pa.Table.from_batches(list(result.batches), result.arrow_schema)
            opened.call.trail.send(table.nbytes)
            return pa.flight.RecordBatchStream(table, options=options)
        batches = opened.stream(result.batches)
        return pa.flight.GeneratorStream(result.arrow_schema, batches, options=options)

    @operation
    def get_flight_info(
        self, opened: OpenCall, _headers: Headers, descriptor: pa.flight.FlightDescriptor
    ) -> pa.flight.FlightInfo:
        """Check the plan in the descriptor's command; the ticket holds the plan at a fixed instant."""
        return self._info(opened, descriptor)

    @operation
    def list_flights(
        self, opened: OpenCall, _headers: Headers, _criteria: bytes
    ) -> Iterator[pa.flight.FlightInfo]:
        """List the payload types that the caller sees; the path of each is its identifier prefix."""
        return iter([_listing(payload_type) for payload_type in self._seen(opened.call)])

    def get_schema(
        self, context: pa.flight.ServerCallContext, descriptor: pa.flight.FlightDescriptor
    ) -> pa.flight.SchemaResult:
        """The schema of a payload type, or of a plan's result."""
        try:
            return self._get_schema(context, descriptor)
        except pa.flight.FlightError as error:
            raise _Unformattable(str(error)) from None

    @operation
    def _get_schema(
        self, opened: OpenCall, _headers: Headers, descriptor: pa.flight.FlightDescriptor
    ) -> pa.flight.SchemaResult:
        return pa.flight.SchemaResult(self._info(opened, descriptor).schema)

    @operation
    def do_put(
        self,
        opened: OpenCall,
        headers: Headers,
        descriptor: pa.flight.FlightDescriptor,
        reader: pa.flight.MetadataRecordBatchReader,
        writer: pa.flight.FlightMetadataWriter,
    ) -> None:
        """Write what is uploaded, in one commit; the response is its receipt, then the lineage if wanted."""
        content = descriptor.command or b""
        opened.call.trail.received = len(content)
        command = read_write_command(content)
        require(f"do_put:{command.verb}", opened.call.principal)
        lineage = headers.lineage
        check = partial(_check_columns, self._seen(opened.call), command.verb)
        arriving = sections(reader, self.limits, check)
        receipt = self._services.write.write(command, arriving, opened.call, lineage)
        log.info("committed", verb=command.verb, version=receipt.version, counts=receipt.counts)
        writer.write(receipt.to_bytes())
        if lineage is not None and (kept := lineage.to_buffer()) is not None:
            writer.write(kept)

    def _seen(self, call: Call) -> Registry:
        """The payload types that a caller sees."""
        return self._registry.only(call.principal.grants.types)

    @operation
    def do_exchange(
        self, _opened: OpenCall, _headers: Headers, _descriptor: Any, _reader: Any, _writer: Any
    ) -> None:
        """Refuse: pyarrow's own refusal would send a traceback."""
        msg = "This server has no exchanges: read with do_get, write with do_put."
        raise UnknownAction(msg)

    @operation
    def list_actions(self, _opened: OpenCall, _headers: Headers) -> list[tuple[str, str]]:
        """Document the actions."""
        return [(action.value, description) for action, description in ACTION_DESCRIPTIONS.items()]

    @operation
    def do_action(self, opened: OpenCall, _headers: Headers, action: pa.flight.Action) -> list[bytes]:
        """Run an action and yield the one body of its response."""
        self._take(opened, "message_bytes", action.body.size, "Bytes of the action's body")
        body = self._actions.run(action.type, action.body.to_pybytes(), opened.call)
        opened.call.trail.send(len(body))
        return [body]

    def _take(self, opened: OpenCall, limit: str, size: int, what: str) -> None:
        """Note the size of a message, as far as it is allowed."""
        self.limits.check(limit, size, what)
        opened.call.trail.received = size

    def _info(self, opened: OpenCall, descriptor: pa.flight.FlightDescriptor) -> pa.flight.FlightInfo:
        content = descriptor.command
        if content is None:
            return _listing(self._seen(opened.call).get(_resource_type(descriptor)))
        self._take(opened, "ticket_bytes", len(content), "Bytes of the descriptor")
        ticket, arrow_schema = self._described(decode_ticket(content), opened.call)
        endpoint = pa.flight.FlightEndpoint(pa.flight.Ticket(encode_ticket(ticket)), [])
        return pa.flight.FlightInfo(arrow_schema, descriptor, [endpoint], -1, -1)

    def _result(self, ticket: Ticket | CohortTicket, call: Call) -> Result:
        """Run what a ticket holds."""
        if isinstance(ticket, CohortTicket):
            return self._services.cohorts.frame(ticket.cohort, call)
        if ticket.catalog is not None:
            return self._services.tables.run(ticket.catalog, ticket.plan, call)
        return self._services.read.run(ticket.plan, call)

    def _described(
        self, ticket: Ticket | CohortTicket, call: Call
    ) -> tuple[Ticket | CohortTicket, pa.Schema]:
        """Check what a ticket holds; that of a plan over VxData's own data gets a fixed instant."""
        if isinstance(ticket, CohortTicket):
            return ticket, self._services.cohorts.describe(ticket.cohort, call)
        if ticket.catalog is not None:
            return ticket, self._services.tables.describe(ticket.catalog, ticket.plan, call)
        plan, arrow_schema = self._services.read.describe(ticket.plan, call)
        return Ticket(plan), arrow_schema


def _check_columns(registry: Registry, verb: Verb, resource_type: str, arrow_schema: pa.Schema) -> None:
    check_columns(registry.get(resource_type), arrow_schema, verb)


def _listing(payload_type: PayloadType) -> pa.flight.FlightInfo:
    descriptor = pa.flight.FlightDescriptor.for_path(payload_type.prefix)
    return pa.flight.FlightInfo(response_schema(payload_type), descriptor, [], -1, -1)


def _tls_arguments(tls: TlsFiles | None) -> dict[str, Any]:
    """What pyarrow takes; gRPC itself speaks TLS 1.2 and 1.3 alone, with modern ciphers."""
    if tls is None:
        return {}
    return {
        "tls_certificates": [(tls.certificate, tls.key)],
        "verify_client": tls.client_authorities is not None,
        "root_certificates": tls.client_authorities,
    }


def _resource_type(descriptor: pa.flight.FlightDescriptor) -> str:
    path: list[bytes] = list(descriptor.path or ())
    if len(path) != 1:
        msg = f"The path of a flight is one resource type, not {len(path):,} parts."
        raise InvalidTicket(msg)
    return path[0].decode("utf-8", "replace")
