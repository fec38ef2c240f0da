"""Ranges: which part of a file a request asks for (RFC 9110, sections 13.1.5 and 14)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

ONE_RANGE: Final = re.compile(r"bytes=,*(\d*)-(\d*),*", re.ASCII | re.IGNORECASE)
"""A header with one range, without its white space."""

MAX_DIGITS: Final = 19
"""Digits of a position; one with more lies beyond any file."""


@dataclass(frozen=True)
class Part:
    """A part of a file.

    Args:
        begin: Position of its first byte.
        end: Position after its last byte.
        size: Bytes of the whole file.
    """

    begin: int
    end: int
    size: int

    @property
    def content_range(self) -> str:
        """The header that tells it."""
        return f"bytes {self.begin}-{self.end - 1}/{self.size}"


class RangeNotSatisfiable(Exception):
    """The file has no byte of the range."""


def part_of(header: str | None, size: int) -> Part | None:
    """Read which part a request asks for.

    Args:
        header: The header `Range`.
        size: Bytes of the file.

    Returns:
        The part; None for the whole file: without the header, and with one that has several ranges, another
        unit, or cannot be read, which a server may ignore.

    Raises:
        RangeNotSatisfiable: The file has no byte of it.

    Example:
        >>> part_of("bytes=2-", 10)
        Part(begin=2, end=10, size=10)
    """
    found = ONE_RANGE.fullmatch("".join((header or "").split()))
    if found is None:
        return None
    first, last = found.groups()
    if not first and not last:
        return None
    if not first:
        begin, end = max(size - _position(last), 0), size
    else:
        begin, end = _position(first), min(_position(last) + 1, size) if last else size
        if last and _position(last) < begin:
            return None
    if begin >= end:
        raise RangeNotSatisfiable
    return Part(begin, end, size)


def may_take_part(if_range: str | None, etag: str) -> bool:
    """Tell whether a caller who has a part of a file may get another one.

    Args:
        if_range: The header `If-Range`: the ETag of its part.
        etag: The ETag of the file.

    Returns:
        Whether both belong to the same bytes; a date never tells that, as files have none.
    """
    return if_range is None or if_range.strip() == etag


def _position(digits: str) -> int:
    return int(digits[: MAX_DIGITS + 1])
