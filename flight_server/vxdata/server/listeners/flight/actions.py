"""The actions: each takes one body and returns one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar

from vxdata.schemas.errors import UnknownAction
from vxdata.schemas.errors.messages import abridged_name, did_you_mean
from vxdata.schemas.plan import decode
from vxdata.schemas.wire import Action, BlobUrls, ExternalUids, ListRequest, Message, PresignRequest
from vxdata.server.call import Call
from vxdata.server.listeners.flight.messages import read_message

if TYPE_CHECKING:
    from vxdata.server.listeners.errors import ErrorReporter
    from vxdata.server.services import Services

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
            Action.EXPLAIN: lambda body, call: services.read.explain(decode(body), call).to_bytes(),
            Action.ERROR_DETAIL: lambda body, _: errors.full_error(
                body[:MAX_ID_BYTES].decode("utf-8", "replace")
            ),
            Action.BLOB_STORE: lambda _, call: services.blobs.describe(call).to_bytes(),
            Action.PRESIGN: _with_body(PresignRequest, lambda: services.blobs.presign),
            Action.LIST_BLOBS: _with_body(ListRequest, lambda: services.blobs.list),
            Action.TOUCH: _with_body(BlobUrls, lambda: services.blobs.touch),
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
