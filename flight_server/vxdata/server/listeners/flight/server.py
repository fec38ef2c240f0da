"""The Flight methods: decode a request, ask a service, encode the response."""

from __future__ import annotations

from functools import partial, wraps
from typing import TYPE_CHECKING, Any, Final, TypeVar

import pyarrow as pa
import pyarrow.flight
import structlog

from vxdata.schemas.errors import InvalidTicket, UnknownAction
from vxdata.schemas.types.arrow import response_schema
from vxdata.schemas.wire import ACTION_DESCRIPTIONS
from vxdata.schemas.wire.tickets import CohortTicket, Ticket, decode_ticket, encode_ticket
from vxdata.server.ingest.validation.structure import check_columns
from vxdata.server.limits import DEFAULT_LIMITS, Limits
from vxdata.server.listeners.boundary import Boundary
from vxdata.server.listeners.flight.actions import Actions
from vxdata.server.listeners.flight.headers import HEADERS, HeadersFactory
from vxdata.server.listeners.flight.messages import read_write_command
from vxdata.server.listeners.flight.status import flight_error
from vxdata.server.listeners.flight.uploads import sections

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from vxdata.schemas.catalog.registry import Registry
    from vxdata.schemas.wire import Verb
    from vxdata.server.call import Call
    from vxdata.server.listeners.admission import Admission
    from vxdata.server.listeners.boundary import Observer, OpenCall
    from vxdata.server.listeners.errors import ErrorReporter
    from vxdata.server.listeners.flight.headers import Headers
    from vxdata.server.services import Services
    from vxdata.server.services.read import Result

LISTENER: Final = "flight"

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

    Whatever it raises leaves as a Flight error of ours, without traceback, SQL or path.
    """

    @wraps(method)
    def within_boundary(self: FlightServer, context: Any, *arguments: Any) -> Response:
        headers = context.get_middleware(HEADERS)
        name = method.__name__.strip("_")
        with self.boundary.call(
            name, context.is_cancelled, timeout=headers.timeout, peer=context.peer()
        ) as opened:
            self.limits.check("header_bytes", headers.size, "Bytes of the headers")
            return method(self, opened, headers, *arguments)

    return within_boundary


class FlightServer(pa.flight.FlightServerBase):
    """Serves plans, uploads and actions.

    Args:
        location: Address to listen on, such as ``grpc://127.0.0.1:0``.
        services: The use cases.
        registry: The payload types.
        errors: Describes exceptions for the wire.
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
        location: str,
        services: Services,
        registry: Registry,
        errors: ErrorReporter,
        observers: Sequence[Observer] = (),
        admission: Admission | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        """Begin to serve: a pyarrow server listens once it is constructed."""
        self.boundary = Boundary(LISTENER, errors, observers, flight_error, admission)
        self.limits = limits
        self._services = services
        self._registry = registry
        self._actions = Actions(services, errors)
        try:
            super().__init__(location, middleware={HEADERS: HeadersFactory()})
        except pa.ArrowException as error:
            # gRPC tells the reason on standard error alone.
            msg = (
                f"Cannot listen on {location}: the port is taken, or the address is not one of this machine."
            )
            raise OSError(msg) from error

    @operation
    def do_get(
        self, opened: OpenCall, headers: Headers, ticket: pa.flight.Ticket
    ) -> pa.flight.FlightDataStream:
        """Run the plan of the ticket."""
        content = ticket.ticket
        self.limits.check("ticket_bytes", len(content), "Bytes of the ticket")
        result = self._result(decode_ticket(content), opened.call)
        options = pa.ipc.IpcWriteOptions(compression=headers.codec)
        if result.is_whole:  # C++ sends a table without asking the interpreter for what comes next
            table = pa.Table.from_batches(list(result.batches), result.arrow_schema)
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
        self, _opened: OpenCall, _headers: Headers, _criteria: bytes
    ) -> Iterator[pa.flight.FlightInfo]:
        """List the payload types; the path of each is its identifier prefix."""
        return iter([self._listing(payload_type.prefix) for payload_type in self._registry])

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
        command = read_write_command(descriptor.command or b"")
        lineage = headers.lineage
        check = partial(self._check_columns, command.verb)
        arriving = sections(reader, self.limits, check)
        receipt = self._services.write.write(command, arriving, opened.call, lineage)
        log.info("committed", verb=command.verb, version=receipt.version, counts=receipt.counts)
        writer.write(receipt.to_bytes())
        if lineage is not None and (kept := lineage.to_buffer()) is not None:
            writer.write(kept)

    def _check_columns(self, verb: Verb, resource_type: str, arrow_schema: pa.Schema) -> None:
        check_columns(self._registry.get(resource_type), arrow_schema, verb)

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
        self.limits.check("message_bytes", action.body.size, "Bytes of the action's body")
        return [self._actions.run(action.type, action.body.to_pybytes(), opened.call)]

    def _info(self, opened: OpenCall, descriptor: pa.flight.FlightDescriptor) -> pa.flight.FlightInfo:
        content = descriptor.command
        if content is None:
            return self._listing(_resource_type(descriptor))
        self.limits.check("ticket_bytes", len(content), "Bytes of the descriptor")
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
            return ticket, self._services.cohorts.describe(ticket.cohort)
        if ticket.catalog is not None:
            return ticket, self._services.tables.describe(ticket.catalog, ticket.plan)
        plan, arrow_schema = self._services.read.describe(ticket.plan, call)
        return Ticket(plan), arrow_schema

    def _listing(self, resource_type: str) -> pa.flight.FlightInfo:
        arrow_schema = response_schema(self._registry.get(resource_type))
        descriptor = pa.flight.FlightDescriptor.for_path(resource_type)
        return pa.flight.FlightInfo(arrow_schema, descriptor, [], -1, -1)


def _resource_type(descriptor: pa.flight.FlightDescriptor) -> str:
    path: list[bytes] = list(descriptor.path or ())
    if len(path) != 1:
        msg = f"The path of a flight is one resource type, not {len(path):,} parts."
        raise InvalidTicket(msg)
    return path[0].decode("utf-8", "replace")
