"""The boundary that every call crosses, from every listener.

A call gets a request id, which its errors and the lines of its log carry. It is refused if the server is
shutting down, if the caller may not use the operation, or if too many calls are in progress. Every exception
becomes a `VxDataError`. When the call has ended, the observers get its outcome. A listener adds what belongs
to its protocol: how to read a request, and which status an error has.
"""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import structlog

from vxdata.schemas.errors import RequestCancelled, RequestTimedOut, ServerUnavailable
from vxdata.server.call import NOBODY, Call
from vxdata.server.identities.gate import Identified
from vxdata.server.listeners.errors import translate

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from vxdata.schemas.errors import VxDataError
    from vxdata.schemas.wire import WireError
    from vxdata.server.identities.gate import Gate
    from vxdata.server.listeners.admission import Admission
    from vxdata.server.listeners.errors import ErrorReporter

OK: Final = "OK"
"""Code of a call that did not fail."""

UNIDENTIFIED: Final = Identified()
"""A caller that has shown nothing."""

Item = TypeVar("Item", bound="bytes | memoryview | pa.RecordBatch")


@dataclass(frozen=True)
class Outcome:
    """The outcome of a call that has ended.

    Args:
        listener: Name of the listener that received the call.
        operation: Name of the operation, such as ``do_get``.
        door: Its name in the list of doors.
        call: The call.
        code: `OK`, or the code of the error.
        seconds: Duration from the request to the end of the response.
    """

    listener: str
    operation: str
    door: str
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


def size_of(item: bytes | memoryview | pa.RecordBatch) -> int:
    """Bytes of a part of a response; those of a batch as they are in memory."""
    return len(item) if isinstance(item, bytes) else item.nbytes


def _itself(failed: CallFailed) -> Exception:
    return failed


def shutting_down() -> ServerUnavailable:
    """Make the error of a call that the server refuses or ends because it is shutting down."""
    return ServerUnavailable("The server is shutting down; try again.")


class Boundary:
    """Opens the calls of one listener.

    Args:
        listener: Name of the listener.
        errors: Encodes exceptions for the wire.
        gate: Knows who calls, and which operations are open to them.
        observers: Receive the outcome of every call.
        as_error: Returns the error of the listener's protocol; by default `CallFailed` itself is raised.
        admission: Limits the calls in progress; without it, there is no limit.
    """

    def __init__(
        self,
        listener: str,
        errors: ErrorReporter,
        gate: Gate,
        observers: Sequence[Observer] = (),
        as_error: Callable[[CallFailed], Exception] = _itself,
        admission: Admission | None = None,
    ) -> None:
        """Begin open, until `drain`."""
        self.gate = gate
        self._listener = listener
        self._errors = errors
        self._observers = tuple(observers)
        self._as_error = as_error
        self._admission = admission
        self._is_draining = False

    def drain(self) -> None:
        """Refuse new calls; calls in progress go on."""
        self._is_draining = True

    @property
    def is_draining(self) -> bool:
        """Whether new calls are refused."""
        return self._is_draining

    @contextmanager
    def call(
        self,
        operation: str,
        has_left: Callable[[], bool],
        *,
        timeout: float = math.inf,
        caller: Identified = UNIDENTIFIED,
        door: str | None = None,
        peer: str = "",
        admit_now: bool = True,
    ) -> Iterator[OpenCall]:
        """Open a call for the length of a block.

        Args:
            operation: Name of the operation in the log.
            has_left: Returns whether the caller has gone; called from another thread.
            timeout: Seconds that the call may take.
            caller: What the gate has found out about the caller.
            door: Name of the operation in the list of doors; `operation` by default.
            peer: Network address of the caller, with its port after the last colon.
            admit_now: Whether the call counts as in progress from the start. If not, the block has to call
                `OpenCall.admit`.

        Yields:
            The call. It ends with the block, or with the response that the block passed to `stream`.

        Raises:
            CallFailed: The block failed, or the server is shutting down; raised as the error of the protocol.
        """
        begun = time.monotonic()
        door = door or operation
        principal = caller.principal or NOBODY
        call = Call(secrets.token_hex(8), has_left, principal, peer, begun + timeout)
        observe = self._observer(operation, door, begun)
        opened = OpenCall(call, self._errors, observe, self._as_error, partial(self._enter, door))
        with structlog.contextvars.bound_contextvars(
            request_id=call.request_id, listener=self._listener, operation=operation
        ):
            try:
                self._authorise(opened, door, caller)
                if admit_now:
                    opened.admit()
                yield opened
            except Exception as error:  # noqa: BLE001 - the boundary: nothing but our own errors leaves it
                raise opened.failed(error) from None
        if not opened.is_streaming:
            opened.end(OK)

    def _authorise(self, opened: OpenCall, door: str, caller: Identified) -> None:
        if self._is_draining:
            raise shutting_down()
        opened.call = replace(opened.call, principal=self.gate.authorise(door, caller))

    def _enter(self, door: str, call: Call) -> None:
        if self._is_draining:  # this may have begun since the call was opened
            raise shutting_down()
        if self._admission is not None:
            self._admission.enter(call, door)

    def _observer(self, operation: str, door: str, begun: float) -> Callable[[Call, str], None]:
        def observe(call: Call, code: str) -> None:
            if self._admission is not None:
                self._admission.leave(call)
            outcome = Outcome(self._listener, operation, door, call, code, time.monotonic() - begun)
            for observer in self._observers:
                observer(outcome)

        return observe


class OpenCall:
    """A call that has not ended.

    Args:
        call: The context for the services.
        errors: Encodes exceptions for the wire.
        observe: Receives the call, and the code with which it ends.
        as_error: Returns the error of the protocol.
        admit: Counts the call as in progress, or refuses it.
    """

    def __init__(
        self,
        call: Call,
        errors: ErrorReporter,
        observe: Callable[[Call, str], None],
        as_error: Callable[[CallFailed], Exception],
        admit: Callable[[Call], None],
    ) -> None:
        """Begin."""
        self.call = call
        self.is_streaming = False
        self._errors = errors
        self._observe = observe
        self._as_error = as_error
        self._admit = admit
        self._has_ended = False

    def admit(self) -> None:
        """Count the call as in progress.

        Raises:
            VxDataError: Too many calls are in progress, or a guard refuses it.
        """
        self._admit(self.call)

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
        request_id, caller = self.call.request_id, self.call.principal.name
        shown, wire = self._errors.to_wire(self._as_timeout(error), request_id, caller)
        self.end(shown.code)
        return self._as_error(CallFailed(shown, wire))

    def end(self, code: str) -> None:
        """Pass the outcome to the observers, once."""
        if not self._has_ended:
            self._has_ended = True
            self._observe(self.call, code)

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
            item = next(self._items)
            self._opened.call.trail.send(size_of(item))
        except StopIteration:
            self._opened.end(OK)
            raise
        except Exception as error:  # noqa: BLE001 - the boundary of a response already begun
            raise self._opened.failed(error) from None
        return item

    def __del__(self) -> None:
        """Count a response that was dropped before its end as cancelled."""
        self._opened.end(RequestCancelled.code)
