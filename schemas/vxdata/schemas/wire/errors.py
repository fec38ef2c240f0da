"""Errors as they travel."""

from __future__ import annotations

from pydantic import Field

from vxdata.schemas.wire.messages import ServerMessage


class WireError(ServerMessage):
    """An error as it travels in a Flight error's extra information.

    Args:
        code: Code of the error class.
        message: The sentence for people.
        details: The data; cut out when it would not fit, see `abridged`.
        retryable: Whether the same request may succeed later.
        request_id: Name of the request in the server's log.
        abridged: Whether the details must be fetched with the `error_detail` action.
    """

    code: str
    message: str
    details: dict[str, object] = Field(default_factory=dict)
    retryable: bool = False
    request_id: str
    abridged: bool = False
