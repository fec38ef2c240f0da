"""The content of one object, read piece by piece."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError

from vxdata.schemas.errors import ServerUnavailable

if TYPE_CHECKING:
    from collections.abc import Generator

PIECE_BYTES: Final = 1024 * 1024
"""Bytes that are read at a time."""


def pieces_of(body: Any) -> Generator[bytes]:
    """Read an object to its end.

    Args:
        body: What S3 has answered with; it is closed at the end.

    Yields:
        The next bytes.

    Raises:
        ServerUnavailable: The service stopped to answer.
    """
    with closing(body):
        try:
            yield from body.iter_chunks(PIECE_BYTES)
        except BotoCoreError as error:
            msg = "The blob store stopped to answer in the middle of an object."
            raise ServerUnavailable(msg) from error
