"""Which HTTP status an error has."""

from __future__ import annotations

from typing import Final

from vxdata.schemas.errors import (
    AccessDenied,
    AddressExpired,
    AnswerNotFound,
    BlobForbidden,
    BlobNotFound,
    InternalError,
    InvalidRequest,
    InvalidSignature,
    LimitExceeded,
    NotAllowed,
    NotAuthenticated,
    NotRegistered,
    QuotaExceeded,
    RequestCancelled,
    RequestTimedOut,
    ResourceNotFound,
    ServiceProblem,
    StateConflict,
    UnknownAction,
    UnknownCatalog,
    UnknownFormat,
    UnknownParameter,
    UnknownResourceType,
    VxDataError,
)

HTTP_STATUSES: Final[tuple[tuple[type[VxDataError], int], ...]] = (
    (NotAuthenticated, 401),
    (AccessDenied, 403),
    (NotAllowed, 403),
    (InvalidSignature, 403),
    (AddressExpired, 403),
    (BlobForbidden, 403),
    (UnknownAction, 404),
    (UnknownCatalog, 404),
    (UnknownResourceType, 404),
    (UnknownFormat, 406),
    (UnknownParameter, 422),
    (ResourceNotFound, 404),
    (AnswerNotFound, 404),
    (NotRegistered, 404),
    (BlobNotFound, 404),
    (LimitExceeded, 413),
    (InvalidRequest, 400),
    (StateConflict, 409),
    (RequestCancelled, 499),  # the status that nginx logs when the client has gone; no client reads it
    (RequestTimedOut, 504),
    (QuotaExceeded, 429),
    (InternalError, 500),
    (ServiceProblem, 503),
    (VxDataError, 502),  # of the storage behind the server
)
"""Error class -> status, the first match counts."""


def error_headers(error: VxDataError) -> dict[str, str]:
    """The header that tells what helps: an identity, or another try, in a second if nothing else is known."""
    if isinstance(error, NotAuthenticated):
        return {"WWW-Authenticate": "Bearer"}
    if not isinstance(error, ServiceProblem) or not error.retryable:
        return {}
    return {"Retry-After": str(error.details.get("retry_after", 1))}


def http_status(error: VxDataError) -> int:
    """The status that a response with this error has."""
    return next(status for kind, status in HTTP_STATUSES if isinstance(error, kind))
