"""Finished cache entries: in memory if they are small, else in files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Final

import structlog

from vxdata.server.result_cache.file import CacheFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa

    from vxdata.server.result_cache.file import Footer

ENTRY_OVERHEAD_BYTES: Final = 1024
"""About the bytes that a result takes beside its values, so that a million empty ones have a size."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class MemoryEntry:
    """A small result, kept in memory.

    Args:
        batches: All batches of the result.
        purge_epoch: Number of the last purge before it was computed.
    """

    batches: tuple[pa.RecordBatch, ...]
    purge_epoch: int

    @cached_property
    def size(self) -> int:
        """Size in bytes."""
        values: int = sum(batch.get_total_buffer_size() for batch in self.batches)
        return ENTRY_OVERHEAD_BYTES + values

    def read(self) -> Iterator[pa.RecordBatch]:
        """Return the batches."""
        return iter(self.batches)

    def remove(self) -> None:
        """Do nothing: an entry in memory has no file to delete."""


class FileEntry:
    """A result in a file.

    Args:
        path: Path of the file.
        footer: Footer of the file.
    """

    def __init__(self, path: Path, footer: Footer) -> None:
        """Keep the parts."""
        self._path = path
        self._footer = footer
        self.purge_epoch = footer.purge_epoch
        self.size = path.stat().st_size

    def check(self) -> None:
        """Compare all bytes of the file with their checksums.

        Raises:
            DamagedCacheFile: They differ.
            OSError: They cannot be read.
        """
        CacheFile.open(self._path).check(self._footer)

    def read(self) -> Iterator[pa.RecordBatch]:
        """Open the file and return the batches.

        Raises:
            OSError: It cannot be opened.
        """
        file = CacheFile.open(self._path)
        os.utime(self._path)  # a server that starts later adopts the files in this order
        return chain.from_iterable(file.read(segment) for segment in self._footer.segments)

    def rename(self, path: Path) -> None:
        """Give the file another name."""
        self._path = self._path.rename(path)

    def remove(self) -> None:
        """Delete the file; readers that have it open go on."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("cache_file_not_removed", reason=str(error))


CacheEntry = MemoryEntry | FileEntry
