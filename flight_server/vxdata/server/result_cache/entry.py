"""Kept answers: in memory if they are small, else in files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Final

import structlog

from vxdata.server.result_cache.file import AnswerFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa

    from vxdata.server.result_cache.file import Title

BOOKKEEPING_BYTES: Final = 1024
"""What an answer costs beside its values, about; so that a million empty ones have a size."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class InMemory:
    """A small answer.

    Args:
        batches: All of it.
        purge_epoch: Number of the last purge before it was computed.
    """

    batches: tuple[pa.RecordBatch, ...]
    purge_epoch: int

    @cached_property
    def size(self) -> int:
        """Bytes."""
        values: int = sum(batch.get_total_buffer_size() for batch in self.batches)
        return BOOKKEEPING_BYTES + values

    def read(self) -> Iterator[pa.RecordBatch]:
        """Hand out the batches."""
        return iter(self.batches)

    def remove(self) -> None:
        """Forget it; there is nothing to delete."""


class OnDisk:
    """An answer in a file.

    Args:
        path: Where the file is.
        title: What it says of itself.
    """

    def __init__(self, path: Path, title: Title) -> None:
        """Keep the parts."""
        self._path = path
        self._title = title
        self.purge_epoch = title.purge_epoch
        self.size = path.stat().st_size

    def check(self) -> None:
        """Compare all bytes with what was written.

        Raises:
            DamagedAnswer: They differ.
            OSError: They cannot be read.
        """
        AnswerFile.open(self._path).check(self._title)

    def read(self) -> Iterator[pa.RecordBatch]:
        """Open the file and hand out the batches.

        Raises:
            OSError: It cannot be opened.
        """
        file = AnswerFile.open(self._path)
        os.utime(self._path)  # the order in which a later server will take them over
        return chain.from_iterable(file.read(segment) for segment in self._title.segments)

    def rename(self, path: Path) -> None:
        """Give the file another name."""
        self._path = self._path.rename(path)

    def remove(self) -> None:
        """Delete the file; those who read it go on."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("answer_not_removed", reason=str(error))


Kept = InMemory | OnDisk
