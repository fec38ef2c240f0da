"""JSON messages of a request: the body of an action, the command of an upload."""

from __future__ import annotations

from typing import Final, TypeVar

from pydantic import ValidationError

from vxdata.schemas.errors import InvalidTicket
from vxdata.schemas.wire import Message, WriteCommand

MAX_COMMAND_BYTES: Final = 16 * 1024
"""Longest command of an upload: what its caller says of itself goes into the commit log."""

MAX_BODY_BYTES: Final = 64 * 1024 * 1024
"""Largest body of an action: a million external uids."""

Kind = TypeVar("Kind", bound=Message)


def read_message(kind: type[Kind], body: bytes, max_bytes: int = MAX_BODY_BYTES) -> Kind:
    """Read a message.

    Args:
        kind: What it must be.
        body: Its JSON.
        max_bytes: Most bytes that it may have.

    Returns:
        The message.

    Raises:
        InvalidTicket: It is too long, or not of its kind.
    """
    if len(body) > max_bytes:
        msg = f"A {kind.__name__} takes at most {max_bytes:,} bytes, not {len(body):,}."
        raise InvalidTicket(msg)
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        problems = "; ".join(str(problem["msg"]) for problem in error.errors(include_url=False)[:3])
        msg = f"The body is not a {kind.__name__} that this server knows: {problems}."
        raise InvalidTicket(msg) from error


def read_write_command(body: bytes) -> WriteCommand:
    """Read the command of an upload.

    Raises:
        InvalidTicket: It is too long, no command, or holds what PostgreSQL cannot store.
    """
    command = read_message(WriteCommand, body, MAX_COMMAND_BYTES)
    if any("\x00" in text for pair in command.client.items() for text in pair):
        msg = "What the upload's command says of its client holds a NUL character."
        raise InvalidTicket(msg)
    return command
