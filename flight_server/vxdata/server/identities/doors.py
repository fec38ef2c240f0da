"""Doors: every operation that a listener offers, by name, with the right that its caller needs.

An operation that is not listed here is refused to everybody. A test compares the list with the methods,
actions and routes of the listeners.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from vxdata.schemas.errors import NotPermitted
from vxdata.schemas.identity import Right

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vxdata.server.call import Principal

FLIGHT: Final = {
    "handshake": Right.READ,
    "do_get": Right.READ,
    "get_flight_info": Right.READ,
    "get_schema": Right.READ,
    "list_flights": Right.READ,
    "do_put": Right.WRITE,
    "do_exchange": Right.READ,
    "list_actions": Right.READ,
    "do_action": Right.READ,
}
"""Methods of Flight; `do_action` stands for unknown actions."""

VERBS: Final = {
    "do_put:create": Right.WRITE,
    "do_put:update": Right.WRITE,
    "do_put:delete": Right.CURATE,
    "do_put:restore": Right.CURATE,
    "do_put:purge": Right.CURATE,
}
"""Uploads, by the verb of their command."""

ACTIONS: Final = {
    "action:health": Right.READ,
    "action:register": Right.WRITE,
    "action:resolve": Right.READ,
    "action:explain": Right.READ,
    "action:error_detail": Right.READ,
    "action:blob_store": Right.READ,
    "action:presign": Right.READ,
    "action:list_blobs": Right.READ,
    "action:touch": Right.WRITE,
    "action:catalogs": Right.READ,
    "action:catalog": Right.READ,
    "action:refresh_catalog": Right.ADMINISTER,
    "action:cohort_count": Right.READ,
    "action:cohort_summary": Right.READ,
    "action:cohort_values": Right.READ,
    "action:audit": Right.ADMINISTER,
}

ADDRESSES: Final = {
    "action:presign:get": Right.READ,
    "action:presign:head": Right.READ,
    "action:presign:put": Right.WRITE,
}
"""Addresses of blobs, by what they allow."""

HTTP: Final = {
    "GET /livez": Right.NOTHING,
    "GET /readyz": Right.NOTHING,
    "GET /": Right.NOTHING,
    "GET /query": Right.NOTHING,
    "GET /query/static": Right.NOTHING,
}
"""Health without details, and the files of the query page."""

V1: Final = {
    "GET /v1": Right.NOTHING,
    "GET /v1/openapi.json": Right.NOTHING,
    "GET /v1/docs": Right.NOTHING,
    "GET /v1/redoc": Right.NOTHING,
    "GET /v1/static": Right.NOTHING,
    "GET /v1/session": Right.READ,
    "POST /v1/session": Right.NOTHING,
    "DELETE /v1/session": Right.NOTHING,
    "GET /v1/query": Right.READ,
    "POST /v1/query": Right.READ,
    "POST /v1/count": Right.READ,
    "POST /v1/facets": Right.READ,
    "POST /v1/compare": Right.READ,
    "POST /v1/answers": Right.READ,
    "GET /v1/answers/{digest}.{form}": Right.READ,
    "HEAD /v1/answers/{digest}.{form}": Right.READ,
    "POST /v1/plans": Right.READ,
    "GET /v1/types": Right.READ,
    "GET /v1/resources/{identifier:path}": Right.READ,
    "GET /v1/children/{identifier:path}": Right.READ,
    "GET /v1/lineage/{identifier:path}": Right.READ,
    "GET /v1/history/{identifier:path}": Right.READ,
    "GET /v1/files/{identifier:path}": Right.READ,
    "GET /v1/previews/{identifier:path}": Right.READ,
    "GET /v1/identifiers": Right.READ,
    "GET /v1/commits": Right.READ,
    "GET /v1/catalogs": Right.READ,
    "GET /v1/catalogs/{name}": Right.READ,
}

CDA: Final = {
    "GET /{catalog}": Right.READ,
    "GET /{catalog}/openapi.json": Right.READ,
    "GET /{catalog}/docs": Right.READ,
    "GET /{catalog}/redoc": Right.READ,
    "GET /{catalog}/static": Right.READ,
    "POST /{catalog}/data/subject": Right.READ,
    "POST /{catalog}/data/file": Right.READ,
    "POST /{catalog}/summary/subject": Right.READ,
    "POST /{catalog}/summary/file": Right.READ,
    "POST /{catalog}/column_values/{column}": Right.READ,
    "GET /{catalog}/columns": Right.READ,
    "GET /{catalog}/release_metadata": Right.READ,
}
"""The CDA API of a catalog. Its OpenAPI document needs a right too, as it shows that the catalog exists."""

DOORS: Final[Mapping[str, Right]] = MappingProxyType(
    {**FLIGHT, **VERBS, **ACTIONS, **ADDRESSES, **HTTP, **V1, **CDA}
)
"""Door -> the right that it needs."""


def require(door: str, principal: Principal) -> None:
    """Refuse a caller whose role does not allow an operation.

    Args:
        door: Name of the operation.
        principal: The caller.

    Raises:
        NotPermitted: The role lacks the right that the operation needs, or there is no such operation.
    """
    right = DOORS.get(door)
    if right is None:
        msg = "This operation has no rule that says who may use it, so nobody may."
        raise NotPermitted(msg, door=door)
    if not principal.role.has(right):
        msg = f"This needs the right to {right.value}, which the role {principal.role.value} does not have."
        raise NotPermitted(msg, door=door, role=principal.role.value, right=right.value)
