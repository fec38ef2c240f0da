"""Which gRPC status an error has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow.flight

from vxdata.schemas.errors import (
    AccessDenied,
    InternalError,
    NotAuthenticated,
    RequestCancelled,
    RequestTimedOut,
    ServiceProblem,
    VxDataError,
)

if TYPE_CHECKING:
    from vxdata.server.listeners.boundary import CallFailed

FLIGHT_ERRORS: Final[tuple[tuple[type[VxDataError], Any], ...]] = (
    (NotAuthenticated, pyarrow.flight.FlightUnauthenticatedError),
    (AccessDenied, pyarrow.flight.FlightUnauthorizedError),
    (RequestTimedOut, pyarrow.flight.FlightTimedOutError),
    (InternalError, pyarrow.flight.FlightInternalError),
    (RequestCancelled, pyarrow.flight.FlightServerError),
    (ServiceProblem, pyarrow.flight.FlightUnavailableError),
    (VxDataError, pyarrow.flight.FlightServerError),
)
"""Error class -> gRPC status, the first match counts.

Never FlightCancelledError: a client that reads in its main thread would see KeyboardInterrupt.
"""


def flight_error(failed: CallFailed) -> pyarrow.flight.FlightError:
    """The Flight error that carries ours.

    Args:
        failed: What left the boundary.

    Returns:
        An error with the code, the message and, as extra information, all of it as JSON.
    """
    flight_class = next(found for kind, found in FLIGHT_ERRORS if isinstance(failed.error, kind))
    return flight_class(f"{failed.wire.code}: {failed.wire.message}", failed.wire.to_bytes())
