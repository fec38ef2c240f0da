"""The chain: every line names its number and the digest of the line before it.

So a line that is changed, moved or taken out no longer fits its neighbours, whichever file they lie in.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pydantic_core import from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Mapping

NUMBER: Final = "number"
BEFORE: Final = "before"


@dataclass(frozen=True)
class Link:
    """A line of the chain, as the next one names it.

    Args:
        number: Its number; lines are counted from 1, over all files.
        digest: SHA-256 of its bytes without the line feed, hexadecimal.
    """

    number: int
    digest: str

    def __str__(self) -> str:
        """Write it as `parse_link` reads it."""
        return f"{self.number}:{self.digest}"


START: Final = Link(0, "0" * 64)
"""What the first line names as the one before it."""


class NotALine(ValueError):
    """The bytes are no line of a chain."""


@dataclass(frozen=True)
class Line:
    """A line that was read.

    Args:
        link: Its own number and digest.
        before: Digest of the line before it, as it names it.
        content: All that it says.
    """

    link: Link
    before: str
    content: Mapping[str, Any]


def append(last: Link, content: Mapping[str, Any]) -> tuple[bytes, Link]:
    """Write the line that follows another one.

    Args:
        last: The line before.
        content: What the new one says, as JSON values.

    Returns:
        Its bytes without the line feed, and how it is named by the next one.

    Example:
        >>> append(START, {"kind": "call"})[1].number
        1
    """
    line = to_json({NUMBER: last.number + 1, **content, BEFORE: last.digest})
    return line, Link(last.number + 1, digest_of(line))


def digest_of(line: bytes) -> str:
    """The digest by which the next line names this one."""
    return hashlib.sha256(line).hexdigest()


def read_line(line: bytes) -> Line:
    """Read a line.

    Args:
        line: Its bytes, without the line feed.

    Returns:
        The line.

    Raises:
        NotALine: It is no JSON object with a number and the digest of the line before.
    """
    try:
        content = from_json(line, cache_strings=False)
    except ValueError as error:
        msg = "it is not JSON"
        raise NotALine(msg) from error
    match content:
        case {"number": int(number), "before": str(before)} if not isinstance(number, bool):
            return Line(Link(number, digest_of(line)), before, content)
    msg = "it has no number, or no digest of the line before"
    raise NotALine(msg)


def parse_link(text: str) -> Link:
    """Read a link as it was written down.

    Args:
        text: Number and digest, with a colon between them.

    Returns:
        The link.

    Raises:
        ValueError: The text has another form.

    Example:
        >>> parse_link(str(START)) == START
        True
    """
    number, _, digest = text.partition(":")
    if (
        not number.isdecimal()
        or len(digest) != len(START.digest)
        or not set(digest) <= set("0123456789abcdef")
    ):
        msg = f"{text!r:.100} is not NUMBER:DIGEST, as `vxdata audit verify` prints it"
        raise ValueError(msg)
    return Link(int(number), digest)
