"""The files of the audit: their names, their order, and how the last of them ends."""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final, Self

from vxdata.server.audit.chain import Link, parse_link

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME: Final = re.compile(r"audit-(\d{4}-\d{2}-\d{2})-(\d{4,})\.jsonl")
HEAD: Final = "head"
HEAD_BYTES: Final = 128
"""Size of the file `head`, which is written over in one go."""

BLOCK: Final = 64 * 1024


@dataclass(frozen=True, order=True)
class FileName:
    """Name of a file, in the order of the chain.

    Args:
        day: Day, UTC, on which it was begun.
        number: Its number on that day, from 1.
    """

    day: date
    number: int

    @classmethod
    def parse(cls, name: str) -> Self | None:
        """Read a name; None if it is not one of a file of the audit."""
        found = NAME.fullmatch(name)
        if found is None:
            return None
        with suppress(ValueError):  # a day that does not exist
            return cls(date.fromisoformat(found[1]), int(found[2]))
        return None

    def __str__(self) -> str:
        """Write it."""
        return f"audit-{self.day.isoformat()}-{self.number:04}.jsonl"

    def next(self, day: date) -> FileName:
        """The name after it; a clock that was set back changes nothing about the order.

        Args:
            day: Today.
        """
        return FileName(day, 1) if day > self.day else FileName(self.day, self.number + 1)


def names_in(folder: Path) -> list[FileName]:
    """List the files of a folder in the order of the chain."""
    found = (FileName.parse(path.name) for path in folder.iterdir())
    return sorted(name for name in found if name is not None)


def lines_of(path: Path, offset: int = 0) -> Iterator[tuple[int, bytes]]:
    """Read the lines of a file, one at a time.

    Args:
        path: The file.
        offset: Where to begin: the start of a line.

    Yields:
        Each line as it is, with its line feed if it has one, and the offset after it.
    """
    with path.open("rb") as file:
        file.seek(offset)
        for line in file:
            offset += len(line)
            yield offset, line


@dataclass(frozen=True)
class End:
    """How a file ends.

    Args:
        line: Its last whole line, without the line feed; None if it has none.
        rest: The bytes after that: a line that was not written to its end.
    """

    line: bytes | None
    rest: bytes

    @property
    def rest_digest(self) -> str:
        """SHA-256 of the rest, hexadecimal."""
        return hashlib.sha256(self.rest).hexdigest()


def end_of(path: Path) -> End:
    """Read the end of a file, however long it is."""
    with path.open("rb") as file:
        position = file.seek(0, os.SEEK_END)
        tail = b""
        while position and tail.count(b"\n") < 2:  # noqa: PLR2004 - one before the last line, one behind it
            size = min(BLOCK, position)
            position = file.seek(position - size)
            tail = file.read(size) + tail
    whole, feed, rest = tail.rpartition(b"\n")
    return End(whole.rpartition(b"\n")[2] if feed else None, rest)


def read_head(folder: Path) -> Link | None:
    """Read which line was the last one when the head was written; None if no head was."""
    try:
        text = (folder / HEAD).read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        return None
    with suppress(ValueError):
        return parse_link(text)
    return None


def head_content(link: Link) -> bytes:
    """The whole content of the file `head`."""
    return f"{link}\n".ljust(HEAD_BYTES - 1).encode() + b"\n"
