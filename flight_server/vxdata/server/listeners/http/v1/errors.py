"""Errors of `/v1`: the same JSON as over Flight, whatever refuses the request."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response

from vxdata.schemas.errors import InternalError, ServerBusy, UnknownParameter
from vxdata.schemas.wire import WireError
from vxdata.server.listeners.boundary import CallFailed
from vxdata.server.listeners.http.responses import JSON
from vxdata.server.listeners.http.status import error_headers, http_status
from vxdata.server.listeners.http.v1.bodies import malformed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import Request
    from fastapi.exceptions import RequestValidationError
    from starlette.exceptions import HTTPException

    from vxdata.schemas.errors import VxDataError

NO_CALL: Final = ""
"""Request id of what is refused before there is a call: nothing stands in the log."""

FAILURES: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": WireError, "description": description}
    for status, description in {
        400: "The request can never succeed as it stands.",
        401: "The server does not know who calls.",
        403: "The caller, or the server, does not allow it.",
        404: "There is no such path, type, resource or catalog.",
        413: "The request is too large, or costs too much.",
        422: "The path does not take a parameter that was stated.",
        429: "The caller has too many calls in progress, or has used up its quota.",
        500: "A fault of the server.",
        503: "The data cannot be read at present.",
        504: "The answer took too long.",
    }.items()
}
"""What each route can fail with, for the OpenAPI document."""


async def call_failed(_: Request, failed: Exception) -> Response:
    """Show the error of a call, with all of its details: a response has room for them."""
    assert isinstance(failed, CallFailed)  # noqa: S101 - registered for it alone
    error = failed.error
    return _shown(error, status_of(error), error_headers(error), failed.wire.request_id)


async def refused(_: Request, error: Exception) -> Response:
    """Show what Starlette refuses, such as an unknown path; the code is the name of the status."""
    found: HTTPException = error  # type: ignore[assignment]
    status = HTTPStatus(found.status_code)
    wire = WireError(code=status.name, message=f"{found.detail}.", request_id=NO_CALL)
    return Response(wire.to_bytes(), status, found.headers, JSON)


async def unknown_parameter(_: Request, error: Exception) -> Response:
    """Show which parameters a path does not take, and which it does."""
    assert isinstance(error, UnknownParameter)  # noqa: S101 - registered for it alone
    return _shown(error, http_status(error))


async def not_valid(_: Request, error: Exception) -> Response:
    """Show which parameters are malformed."""
    found: RequestValidationError = error  # type: ignore[assignment]
    return _shown(malformed(list(found.errors())), HTTPStatus.BAD_REQUEST)


async def unexpected(_: Request, __: Exception) -> Response:
    """Say that something failed outside any call; the log has the reason."""
    return _shown(InternalError("The server failed to answer."), HTTPStatus.INTERNAL_SERVER_ERROR)


def status_of(error: VxDataError) -> int:
    """The status of a response with an error; a caller with too many calls is told so."""
    if isinstance(error, ServerBusy) and "setting" in error.details:
        return HTTPStatus.TOO_MANY_REQUESTS
    return http_status(error)


def _shown(
    error: VxDataError, status: int, headers: Mapping[str, str] | None = None, request_id: str = NO_CALL
) -> Response:
    wire = WireError(request_id=request_id, **error.to_wire())
    return Response(wire.to_bytes(), status, headers, JSON)
