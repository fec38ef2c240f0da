"""Errors of the service, which may pass."""

from __future__ import annotations

from vxdata.schemas.errors.base import VxDataError


class ServiceProblem(VxDataError):
    """The service could not do its part; the request itself may be right."""

    retryable = True


class ServerUnavailable(ServiceProblem, ConnectionError):
    """Nothing answers at the address, the connection broke, or the server is shutting down."""


class HandshakeFailed(ServiceProblem, ConnectionError):
    """The server answers, but its certificate is not trusted, or only one side uses TLS."""

    retryable = False


class ServerBusy(ServiceProblem):
    """No database connection became free in time."""


class QuotaExceeded(ServiceProblem):
    """The caller has used up a quota; `details["retry_after"]` tells in how many seconds there is more."""


class DiskFull(ServiceProblem):
    """The server's disk has too little room to write; reads go on, and writes do once there is room."""


class RequestTimedOut(ServiceProblem, TimeoutError):
    """The deadline of the call or of the statement passed."""


class RequestCancelled(ServiceProblem):
    """The call was cancelled by its caller."""

    retryable = False


class ClockNotTrusted(ServiceProblem):
    """A commit would be stamped too far ahead of any time that is known to be right; nothing was written."""

    retryable = False


class InternalError(ServiceProblem):
    """A fault of the server; its log explains it under `details["request_id"]`."""

    retryable = False
