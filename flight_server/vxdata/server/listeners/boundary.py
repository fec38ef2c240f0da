"""The boundary that every call crosses, from every listener.

A call gets a request id, which its errors carry, and the log of its handler. It is refused while the server
drains, or if too many calls are in progress. Every exception becomes a `VxDataError`. When the call has
ended, the observers get its outcome. A listener adds the parts of its protocol: how a request is read, and
which status an error has.
"""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import structlog

from vxdata.schemas.errors import RequestCancelled, RequestTimedOut, ServerUnavailable
from vxdata.server.call import ANONYMOUS, Call, Principal
from vxdata.server.listeners.errors import translate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.errors import VxDataError
    from vxdata.schemas.wire import WireError
    from vxdata.server.listeners.admission import Admission
    from vxdata.server.listeners.errors import ErrorReporter

OK: Final = "OK"
"""Code of a call that did not fail."""

Item = TypeVar("Item")


@dataclass(frozen=True)
class Outcome:
    """The outcome of a call that has ended.

    Args:
        listener: Name of the listener that received the call.
        operation: Name of the operation, such as ``do_get``.
        call: The call.
        code: `OK`, or the code of the error.
        seconds: Duration from the request to the end of the response.
    """

    listener: str
    operation: str
    call: Call
    code: str
    seconds: float


Observer = Callable[[Outcome], None]
"""A function that receives the outcome of every call, for metrics."""


class CallFailed(Exception):
    """A call has failed; the listener turns this into an error of its protocol.

    Args:
        error: The error for the caller.
        wire: The same error, encoded.
    """

    def __init__(self, error: VxDataError, wire: WireError) -> None:
        """Keep both."""
        super().__init__(error.message)
        self.error = error
        self.wire = wire


def _itself(failed: CallFailed) -> Exception:
    return failed


class Boundary:
    """Opens the calls of one listener.

    Args:
        listener: Name of the listener.
        errors: Encodes exceptions for the wire.
        observers: Receive the outcome of every call.
        as_error: Returns the error of the listener's protocol; by default `CallFailed` itself is raised.
        admission: Limits the calls in progress; without it, there is no limit.
    """

    def __init__(
        self,
        listener: str,
        errors: ErrorReporter,
        observers: Sequence[Observer] = (),
        as_error: Callable[[CallFailed], Exception] = _itself,
        admission: Admission | None = None,
    ) -> None:
        """Begin open, until `drain`."""
        self._listener = listener
        self._errors = errors
        self._observers = tuple(observers)
        self._as_error = as_error
        self._admission = admission
        self._is_draining = False

    def drain(self) -> None:
        """Refuse new calls; calls in progress go on."""
        self._is_draining = True

    @contextmanager
    def call(
        self,
        operation: str,
        has_left: Callable[[], bool],
        *,
        timeout: float = math.inf,
        principal: Principal = ANONYMOUS,
        peer: str = "",
    ) -> Iterator[OpenCall]:
        """Open a call for the length of a block.

        Args:
            operation: Name of the operation.
            has_left: Returns whether the caller has gone; called from another thread.
            timeout: Seconds that the call may take.
            principal: The caller.
            peer: Network address of the caller, with its port after the last colon.

        Yields:
            The call. It ends with the block, or with the response that the block passed to `stream`.

        Raises:
            CallFailed: The block failed, or the server is shutting down; raised as the error of the protocol.
        """
        begun = time.monotonic()
        call = Call(secrets.token_hex(8), has_left, principal, peer, begun + timeout)
        opened = OpenCall(call, self._errors, self._observe(operation, call, begun), self._as_error)
        with structlog.contextvars.bound_contextvars(
            request_id=call.request_id, listener=self._listener, operation=operation
        ):
            try:
                self._admit(call)
                yield opened
            except Exception as error:  # noqa: BLE001 - the boundary: nothing but our own errors leaves it
                raise opened.failed(error) from None
        if not opened.is_streaming:
            opened.end(OK)

    def _admit(self, call: Call) -> None:
        if self._is_draining:
            msg = "The server is shutting down; try again."
            raise ServerUnavailable(msg)
        if self._admission is not None:
            self._admission.enter(call)

    def _observe(self, operation: str, call: Call, begun: float) -> Callable[[str], None]:
        def observe(code: str) -> None:
            if self._admission is not None:
                self._admission.leave(call)
            outcome = Outcome(self._listener, operation, call, code, time.monotonic() - begun)
            for observer in self._observers:
                observer(outcome)

        return observe


class OpenCall:
    """A call that has not ended.

    Args:
        call: The context for the services.
        errors: Encodes exceptions for the wire.
        observe: Receives the code with which the call ends.
        as_error: Returns the error of the protocol.
    """

    def __init__(
        self,
        call: Call,
        errors: ErrorReporter,
        observe: Callable[[str], None],
        as_error: Callable[[CallFailed], Exception],
    ) -> None:
        """Begin."""
        self.call = call
        self.is_streaming = False
        self._errors = errors
        self._observe = observe
        self._as_error = as_error
        self._has_ended = False

    def stream(self, items: Iterator[Item]) -> StreamedResponse[Item]:
        """Keep the call open until its response has ended.

        Args:
            items: The items of the response.

        Returns:
            The same items. An exception that they raise leaves as an error of the protocol.
        """
        self.is_streaming = True
        return StreamedResponse(self, items)

    def failed(self, error: Exception) -> Exception:
        """End the call with an error, and return the error of the protocol."""
        shown, wire = self._errors.to_wire(self._as_timeout(error), self.call.request_id)
        self.end(shown.code)
        return self._as_error(CallFailed(shown, wire))

    def end(self, code: str) -> None:
        """Give the outcome to the observers, once."""
        if not self._has_ended:
            self._has_ended = True
            self._observe(code)

    def _as_timeout(self, error: Exception) -> Exception:
        """Report a call that was cancelled after its deadline as timed out."""
        if self.call.is_late and isinstance(translate(error), RequestCancelled):
            return RequestTimedOut("The deadline of the call has passed.")
        return error


class StreamedResponse(Iterator[Item], Generic[Item]):
    """The items of a response. The call ends when they do, fail, or are dropped.

    Args:
        opened: The call.
        items: The items.
    """

    def __init__(self, opened: OpenCall, items: Iterator[Item]) -> None:
        """Begin before the first item."""
        self._opened = opened
        self._items = items

    def __next__(self) -> Item:
        """Return the next item; a failure ends the call."""
        try:
            return next(self._items)
        except StopIteration:
            self._opened.end(OK)
            raise
        except Exception as error:  # noqa: BLE001 - the boundary of a response already begun
            raise self._opened.failed(error) from None

    def __del__(self) -> None:
        """Count a response that was dropped before its end as cancelled."""
        self._opened.end(RequestCancelled.code)
