"""Finished files, lent to those who send them."""

from __future__ import annotations

import os
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    import pyarrow as pa

CHUNK_BYTES: Final = 1024 * 1024
"""Bytes that are read at a time."""


@dataclass(frozen=True)
class Content:
    """What is known of the content of a file once it is made.

    Args:
        rows: Number of rows.
        arrow_schema: Their schema; its metadata name the instant.
        relation: What was read.
    """

    rows: int
    arrow_schema: pa.Schema
    relation: str


@dataclass(frozen=True)
class AnswerFile:
    """A finished file.

    Args:
        path: Where it lies.
        size: Bytes.
        purge_epoch: Number of purges before it was made.
        content: What it holds.
    """

    path: Path
    size: int
    purge_epoch: int
    content: Content


class LentFile:
    """A file that is open for one reader; it stays on disk until the reader gives it back.

    Args:
        file: The file.
        give_back: Called once, when the reader has closed or dropped it.

    Raises:
        OSError: The file cannot be opened.
    """

    def __init__(self, file: AnswerFile, give_back: Callable[[], None]) -> None:
        """Open it."""
        self._descriptor = os.open(file.path, os.O_RDONLY)
        self.size = file.size
        self.content = file.content
        self._end = weakref.finalize(self, _end, self._descriptor, give_back)

    def read(self, begin: int, end: int) -> Generator[bytes | memoryview]:
        """Read a part, and close the file after it.

        Args:
            begin: Position of the first byte.
            end: Position after the last byte.

        Yields:
            The bytes, chunk by chunk.

        Raises:
            OSError: The disk fails, or the file was cut off.
        """
        try:
            while begin < end:
                chunk = os.pread(self._descriptor, min(CHUNK_BYTES, end - begin), begin)
                if not chunk:
                    msg = "the file of an answer is shorter than it was"
                    raise OSError(msg)
                yield chunk
                begin += len(chunk)
        finally:
            self.close()

    def close(self) -> None:
        """Give the file back; harmless when done before."""
        self._end()


def _end(descriptor: int, give_back: Callable[[], None]) -> None:
    os.close(descriptor)
    give_back()
