"""Errors of the CDA API: JSON with the name of the error and a message, whatever the status."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from fastapi.responses import JSONResponse

from vxdata.schemas.errors import CohortError, InternalError, ServerBusy, ServerUnavailable, ServiceProblem
from vxdata.server.listeners.boundary import CallFailed
from vxdata.server.listeners.http.cda.plans import InvalidBody
from vxdata.server.listeners.http.status import error_headers, http_status

if TYPE_CHECKING:
    from fastapi import Request
    from fastapi.exceptions import RequestValidationError
    from starlette.exceptions import HTTPException

    from vxdata.schemas.errors import VxDataError

MAX_MESSAGE: Final = 64 * 1024
"""Characters of a message: it repeats what the caller wrote, which can be of any length."""

RETRY_AFTER: Final = {"Retry-After": "1"}

TYPES: Final[tuple[tuple[type[VxDataError], str], ...]] = (
    (ServerUnavailable, "DatabaseConnectionDrop"),
    (InternalError, "InternalErrorException"),
)
"""Error class -> its name in the CDA API, where that is not its own."""


async def call_failed(_: Request, failed: Exception) -> JSONResponse:
    """Show the error of a call, with the message that the CDA API has for it."""
    assert isinstance(failed, CallFailed)  # noqa: S101 - registered for it alone
    error = failed.error
    if isinstance(error, InvalidBody):
        return JSONResponse({"detail": error.problems}, HTTPStatus.UNPROCESSABLE_ENTITY)
    content: dict[str, Any] = {
        "error_type": error_type(error),
        "message": error.message[:MAX_MESSAGE],
        "request_id": failed.wire.request_id,
    }
    if failed.wire.details:
        content["details"] = failed.wire.details
    headers = RETRY_AFTER if isinstance(error, ServiceProblem) else None
    return JSONResponse(content, status_of(error), error_headers(error) or headers)


async def refused(_: Request, error: Exception) -> JSONResponse:
    """Show what Starlette refuses, such as an unknown path or method, as FastAPI does, with a message."""
    status, detail = _told(error)
    name = HTTPStatus(status).phrase.replace(" ", "").replace("-", "")
    content = {"detail": detail, "error_type": name, "message": str(detail)}
    return JSONResponse(content, status, getattr(error, "headers", None))


async def not_valid(_: Request, error: Exception) -> JSONResponse:
    """Show which parameters have another form, as FastAPI does."""
    problems: list[dict[str, Any]] = _problems(error)
    shown = [{key: problem.get(key) for key in ("type", "loc", "msg", "input")} for problem in problems]
    return JSONResponse({"detail": shown}, HTTPStatus.UNPROCESSABLE_ENTITY)


async def unexpected(_: Request, __: Exception) -> JSONResponse:
    """Say that something failed outside any call; the log has the reason."""
    content = {"error_type": "InternalErrorException", "message": "The server failed to answer."}
    return JSONResponse(content, HTTPStatus.INTERNAL_SERVER_ERROR)


def error_type(error: VxDataError) -> str:
    """The name of an error in the CDA API.

    Args:
        error: The error.

    Returns:
        The name that clients of the API know, else that of the class.
    """
    if isinstance(error, CohortError):
        return error.error_type
    return next((name for kind, name in TYPES if isinstance(error, kind)), type(error).__name__)


def status_of(error: VxDataError) -> int:
    """The status of a response with an error; a caller with too many calls is told so."""
    if isinstance(error, ServerBusy) and "setting" in error.details:
        return HTTPStatus.TOO_MANY_REQUESTS
    return http_status(error)


def _told(error: Exception) -> tuple[int, Any]:
    found: HTTPException = error  # type: ignore[assignment]
    return found.status_code, found.detail


def _problems(error: Exception) -> list[dict[str, Any]]:
    found: RequestValidationError = error  # type: ignore[assignment]
    return list(found.errors())
