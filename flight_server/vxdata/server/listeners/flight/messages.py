"""JSON messages of a request: the body of an action, the command of an upload."""

from __future__ import annotations

from typing import Any, Final, TypeVar

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from vxdata.schemas.errors import InvalidTicket
from vxdata.schemas.json_shape import MAX_KEYS, brackets
from vxdata.schemas.violations import said_of
from vxdata.schemas.wire import Message, WriteCommand

MAX_COMMAND_BYTES: Final = 16 * 1024
"""Longest command of an upload: what its caller says of itself goes into the commit log."""

MAX_BODY_BRACKETS: Final = 1_100_000
"""Most brackets in the body of an action: a million external uids are a million pairs."""

Kind = TypeVar("Kind", bound=Message)


def read_message(kind: type[Kind], body: bytes) -> Kind:
    """Read a message.

    Args:
        kind: What it must be.
        body: Its JSON, of a size that is allowed.

    Returns:
        The message.

    Raises:
        InvalidTicket: It is not of its kind, or has too many parts.
    """
    try:
        return kind.model_validate_json(to_json(_parsed(body), inf_nan_mode="constants"))
    except ValidationError as error:
        problems = "; ".join(said_of(problem) for problem in error.errors(include_url=False)[:3])
        msg = f"The body is not a {kind.__name__} that this server knows: {problems}."
        raise InvalidTicket(msg) from error
    except ValueError as error:
        msg = f"The body is not a {kind.__name__} that this server knows: {error}."
        raise InvalidTicket(msg) from error


def _parsed(body: bytes) -> Any:
    """Parse a body, and count its parts before a message is made of them."""
    count = brackets(body)
    if count > MAX_BODY_BRACKETS:
        msg = f"it holds {count:,} brackets, over {MAX_BODY_BRACKETS:,}"
        raise ValueError(msg)
    content = from_json(body, allow_inf_nan=False, cache_strings=False)
    if isinstance(content, dict) and len(content) > MAX_KEYS:
        msg = f"it has {len(content):,} keys, over {MAX_KEYS}"
        raise ValueError(msg)
    return content


def read_write_command(body: bytes) -> WriteCommand:
    """Read the command of an upload.

    Raises:
        InvalidTicket: It is too long, no command, or holds what PostgreSQL cannot store.
    """
    if len(body) > MAX_COMMAND_BYTES:
        msg = f"The command of an upload takes at most {MAX_COMMAND_BYTES:,} bytes, not {len(body):,}."
        raise InvalidTicket(msg)
    command = read_message(WriteCommand, body)
    if any("\x00" in text for pair in command.client.items() for text in pair):
        msg = "What the upload's command says of its client holds a NUL character."
        raise InvalidTicket(msg)
    return command
