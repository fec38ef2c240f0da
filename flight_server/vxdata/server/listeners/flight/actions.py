"""The actions: each takes one body and returns one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from vxdata.schemas.cohorts.codec import decode_cohort
from vxdata.schemas.errors import UnknownAction
from vxdata.schemas.errors.messages import abridged_name, did_you_mean
from vxdata.schemas.wire import (
    Action,
    AuditRequest,
    BlobUrls,
    CatalogDescription,
    CatalogInfo,
    CatalogList,
    CatalogRequest,
    CohortCount,
    CohortValuesRequest,
    Explanation,
    ExternalUids,
    ListRequest,
    Message,
    Presigned,
    PresignRequest,
)
from vxdata.schemas.wire.tickets import CohortTicket, Ticket, decode_ticket
from vxdata.server.call import Call
from vxdata.server.identities.doors import require
from vxdata.server.listeners.flight.messages import read_message
from vxdata.server.services.catalog_info import description_of, info_of, loaded_info

if TYPE_CHECKING:
    from vxdata.server.listeners.errors import ErrorReporter
    from vxdata.server.services import Services
    from vxdata.server.services.blobs import BlobService
    from vxdata.server.services.catalog_views import SeenCatalogs

Run = Callable[[bytes, Call], bytes]
"""Runs an action: takes its body and the call, and returns the body of the response."""

MAX_ID_BYTES: Final = 64
"""Bytes of a request id that are looked at."""

Body = TypeVar("Body", bound=Message)


class Actions:
    """The actions that the services offer, by name.

    Args:
        services: The use cases.
        errors: Keeps errors that were too long to send.
    """

    def __init__(self, services: Services, errors: ErrorReporter) -> None:
        """Say once what each of them does."""
        self.by_name: dict[str, Run] = {
            Action.HEALTH: lambda _, call: services.health.check(call).to_bytes(),
            Action.REGISTER: _with_body(ExternalUids, lambda: services.register.register),
            Action.RESOLVE: _with_body(ExternalUids, lambda: services.register.resolve),
            Action.EXPLAIN: lambda body, call: _explanation(services, decode_ticket(body), call).to_bytes(),
            Action.ERROR_DETAIL: lambda body, call: errors.full_error(
                body[:MAX_ID_BYTES].decode("utf-8", "replace"), call.principal.name
            ),
            Action.BLOB_STORE: lambda _, call: services.blobs.describe(call).to_bytes(),
            Action.PRESIGN: _with_body(PresignRequest, lambda: partial(_presigned, services.blobs)),
            Action.LIST_BLOBS: _with_body(ListRequest, lambda: services.blobs.list),
            Action.TOUCH: _with_body(BlobUrls, lambda: services.blobs.touch),
            Action.AUDIT: lambda body, call: services.audit.read(read_message(AuditRequest, body), call),
            **_of_catalogs(services),
        }

    def run(self, name: str, body: bytes, call: Call) -> bytes:
        """Run an action.

        Args:
            name: Its name.
            body: What the caller sent with it.
            call: The call.

        Returns:
            The body of the response.

        Raises:
            UnknownAction: There is none of this name.
            InvalidTicket: The body is not what the action takes.
        """
        if name not in self.by_name:
            shown = abridged_name(name)
            msg = f"There is no action {shown!r}. {did_you_mean(name, Action)}"
            raise UnknownAction(msg, action=shown)
        return self.by_name[name](body, call)


def _with_body(kind: type[Body], use_case: Callable[[], Callable[[Body, Call], Message]]) -> Run:
    """An action whose body is a message; the use case is looked up at the call, if the server has it."""
    return lambda body, call: use_case()(read_message(kind, body), call).to_bytes()


def _presigned(blobs: BlobService, request: PresignRequest, call: Call) -> Presigned:
    """Give addresses; those by which blobs are stored need more than the others."""
    require(f"action:presign:{request.method}", call.principal)
    return blobs.presign(request, call)


def _of_catalogs(services: Services) -> dict[str, Run]:
    """The actions of catalogs and cohorts."""
    cohorts = services.cohorts

    def seen(call: Call) -> SeenCatalogs:
        return services.catalogs.seen_by(call.principal.grants)

    def listed(_: bytes, call: Call) -> bytes:
        return CatalogList(catalogs=tuple(map(info_of, seen(call)))).to_bytes()

    def described(request: CatalogRequest, call: Call) -> CatalogDescription:
        return description_of(seen(call)[request.name].loaded)

    def refreshed(request: CatalogRequest, call: Call) -> CatalogInfo:
        return loaded_info(seen(call)[request.name].refresh())

    def counted(body: bytes, call: Call) -> bytes:
        return CohortCount(count=cohorts.count(decode_cohort(body), call)).to_bytes()

    def summarised(body: bytes, call: Call) -> bytes:
        summary, _ = cohorts.summary(decode_cohort(body), call)
        return b'{"summary":%b}' % summary

    def values(body: bytes, call: Call) -> bytes:
        asked = read_message(CohortValuesRequest, body)
        sources = ",".join(asked.sources)
        rows = cohorts.values(asked.catalog, asked.column, sources, asked.limit, asked.offset, call)
        found = b"".join(rows.chunks())
        return b'{"values":[%b],"total":%d}' % (found, rows.total)

    return {
        Action.CATALOGS: listed,
        Action.CATALOG: _with_body(CatalogRequest, lambda: described),
        Action.REFRESH_CATALOG: _with_body(CatalogRequest, lambda: refreshed),
        Action.COHORT_COUNT: counted,
        Action.COHORT_SUMMARY: summarised,
        Action.COHORT_VALUES: values,
    }


def _explanation(services: Services, ticket: Ticket | CohortTicket, call: Call) -> Explanation:
    """Explain what a ticket holds; a bare plan is one of VxData's own data."""
    if isinstance(ticket, CohortTicket):
        return services.cohorts.explain(ticket.cohort, call)
    if ticket.catalog is not None:
        return services.tables.explain(ticket.catalog, ticket.plan, call)
    return services.read.explain(ticket.plan, call)
