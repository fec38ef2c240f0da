"""Errors on their way out: whatever a handler raises becomes one of ours, small enough to travel.

gRPC trailers hold 8 KiB, the message is sent twice, and beyond that parts get lost at random; so long
details stay here, to be fetched by the `error_detail` action.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

import structlog
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from vxdata.schemas.errors import (
    DiskFull,
    InternalError,
    InvalidPlan,
    InvalidTicket,
    NotAuthenticated,
    RequestCancelled,
    ServerBusy,
    ServerUnavailable,
    VxDataError,
)
from vxdata.schemas.wire import WireError
from vxdata.server.call import NOBODY
from vxdata.server.database.errors import (
    ConnectionLost,
    DatabaseError,
    InvalidPattern,
    LimitReached,
    OutOfRange,
    OutOfResources,
    StatementCancelled,
    TransactionConflict,
    UndefinedObject,
)
from vxdata.server.database.statement_limits import limit_exceeded

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_MESSAGE_LENGTH: Final = 460
"""With the code before it, a message has 500 characters at most."""

MAX_WIRE_BYTES: Final = 1536
MAX_ESCAPED_BYTES: Final = 1000
"""A message of other alphabets is shorter: a trailer escapes each of their bytes, about as JSON does."""

MAX_ERRORS_KEPT: Final = 64
"""Long errors kept for fetching; the oldest goes first."""

MAX_KEPT_BYTES: Final = 64 * 1024 * 1024
"""Bytes that they take together; the newest is kept in any case."""

STRANGERS: Final = RateLimitItemPerMinute(20)
"""Refusals of callers who are not known that are logged: they could fill the disk of the log as well."""

ONCE: Final = RateLimitItemPerMinute(1)

log = structlog.get_logger(__name__)

TRANSLATIONS: tuple[tuple[type[DatabaseError], Callable[[], VxDataError]], ...] = (
    (ConnectionLost, lambda: ServerUnavailable("The connection to the database was lost; try again.")),
    (
        TransactionConflict,
        lambda: ServerUnavailable("The database was being changed at the same time; try again."),
    ),
    (StatementCancelled, lambda: RequestCancelled("The statement was cancelled.")),
    (OutOfResources, lambda: ServerBusy("The database has run out of disk, memory or connections.")),
    (
        UndefinedObject,
        lambda: InternalError("The database lacks a table or column: run `vxdata db upgrade`."),
    ),
    (InvalidPattern, lambda: InvalidPlan("A regular expression of the query is malformed.")),
    (
        OutOfRange,
        lambda: InvalidPlan("A sum, a mean or a bin of the query is beyond what its type can hold."),
    ),
)
"""Failures of the database -> what the caller is told; the text of PostgreSQL goes to the log alone."""


def translate(error: Exception) -> VxDataError:
    """Find the error to show for whatever was raised.

    Args:
        error: Anything that a handler raised.

    Returns:
        The error itself if it is ours, else one that tells the caller what to do and no more.
    """
    if isinstance(error, VxDataError):
        return error
    if isinstance(error, LimitReached):
        return limit_exceeded(error)
    if isinstance(error, OutOfResources) and error.is_disk_full:
        return DiskFull("The disk of the database is full; try again once there is room.")
    for error_class, make in TRANSLATIONS:
        if isinstance(error, error_class):
            return make()
    return InternalError("The server failed to answer; its log has the reason under this request id.")


class ErrorReporter:
    """Turns exceptions into wire errors, logs them, and keeps those that are too long to send."""

    def __init__(self) -> None:
        """Begin with nothing kept."""
        self._logged = FixedWindowRateLimiter(MemoryStorage())
        self._kept: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def to_wire(self, error: Exception, request_id: str, caller: str = "") -> tuple[VxDataError, WireError]:
        """Describe an exception for the wire.

        Args:
            error: Anything that a handler raised.
            request_id: Name of the request in the log.
            caller: Name of the caller, to whom alone the whole error is told.

        Returns:
            The error that the caller sees, and its wire form, of at most `MAX_WIRE_BYTES`.
        """
        shown = translate(error)
        if isinstance(shown, InternalError):
            log.error("request_failed", request_id=request_id, exc_info=error)
        else:
            told = {"request_id": request_id, "code": shown.code, "cause": type(error).__name__}
            if self._is_logged(shown, caller):
                log.info("request_refused", **told, **_reason(error, shown))
        full_error = WireError(request_id=request_id, **shown.to_wire())
        content = full_error.to_bytes()
        message = _short_message(full_error.message)
        if len(content) <= MAX_WIRE_BYTES and message == full_error.message:
            return shown, full_error
        self._keep((caller, request_id), content)
        return shown, full_error.model_copy(update={"details": {}, "abridged": True, "message": message})

    def _is_logged(self, shown: VxDataError, caller: str) -> bool:
        """Tell whether a refusal is logged: of those of strangers, the first ones in a minute."""
        is_stranger = caller == NOBODY.name or isinstance(shown, NotAuthenticated)
        if not is_stranger or self._logged.hit(STRANGERS, "refused"):
            return True
        if self._logged.hit(ONCE, "told"):
            log.warning("refusals_not_logged", code=shown.code, logged=STRANGERS.amount)
        return False

    def _keep(self, key: tuple[str, str], content: bytes) -> None:
        with self._lock:
            self._kept[key] = content
            while len(self._kept) > 1 and self._is_over_limit():
                self._kept.popitem(last=False)

    def _is_over_limit(self) -> bool:
        return len(self._kept) > MAX_ERRORS_KEPT or sum(map(len, self._kept.values())) > MAX_KEPT_BYTES

    def full_error(self, request_id: str, caller: str = "") -> bytes:
        """The whole of an error that was abridged.

        Args:
            request_id: What the abridged error carried.
            caller: Name of the caller.

        Returns:
            The wire error as JSON.

        Raises:
            InvalidTicket: Nothing is kept for this caller under this id, or no longer.
        """
        with self._lock:
            kept = self._kept.get((caller, request_id))
        if kept is None:
            msg = "No error is kept under this request id."
            raise InvalidTicket(msg, request_id=request_id[:64])
        return kept


def _reason(error: Exception, shown: VxDataError) -> dict[str, str]:
    """The words of PostgreSQL, libpq or botocore for the log, where they are about the service.

    About a request they could hold values of its sender.
    """
    if not isinstance(shown, ServerUnavailable | ServerBusy | DiskFull):
        return {}
    reason = error.__cause__ if isinstance(error, VxDataError) else error
    return {} if reason is None else {"reason": str(reason)}


def _short_message(message: str) -> str:
    """The beginning of a message, within the limits on characters and escaped bytes."""
    short = message[:MAX_MESSAGE_LENGTH]
    while len(json.dumps(short)) > MAX_ESCAPED_BYTES:
        short = short[: len(short) * 3 // 4]
    return short
