"""The spool: the rows of an upload, until all of them have arrived.

An upload comes as fast as its client sends. So its rows wait in memory, or in a file once there are many, and
no connection to the database is taken before the last one is there.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Final

import structlog

from vxdata.schemas.errors import DiskFull, LimitExceeded, ServerBusy
from vxdata.server.spool_space import NoSpace, SpoolFile, SpoolSpace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from vxdata.server.record_file import Segment

MEMORY_BYTES: Final = 16 * 1024 * 1024
"""Bytes of one upload in memory, at most; more are written to its file."""

FULL: Final = (errno.ENOSPC, errno.EDQUOT)
"""Numbers of errors of a disk without room."""

log = structlog.get_logger(__name__)


@dataclass
class _Rows:
    """The rows of one resource type: first those in the file, then those in memory."""

    segments: list[Segment] = field(default_factory=list)
    batches: list[pa.RecordBatch] = field(default_factory=list)
    rows: int = 0
    bytes: int = 0


class Spool:
    """The rows of one upload, by resource type, in the order in which they came.

    Args:
        space: The space that it takes its part of.
    """

    def __init__(self, space: SpoolSpace) -> None:
        """Begin empty."""
        self._space = space
        self._file = SpoolFile(space)
        self._by_type: dict[str, _Rows] = {}
        self._in_memory = 0

    def append(self, resource_type: str, batch: pa.RecordBatch) -> None:
        """Take rows up.

        Args:
            resource_type: Prefix of their type.
            batch: The rows.

        Raises:
            LimitExceeded: The upload needs more space than one upload may.
            DiskFull: The disk has too little room.
            ServerBusy: There is no space at the moment, or the file cannot be written.
        """
        rows = self._by_type.setdefault(resource_type, _Rows())
        size = int(batch.nbytes)
        rows.batches.append(batch)
        rows.rows += batch.num_rows
        rows.bytes += size
        self._in_memory += size
        if self._in_memory > MEMORY_BYTES:
            self._write()

    def rows(self, resource_type: str) -> int:
        """Number of rows of a type."""
        return self._by_type[resource_type].rows

    def bytes(self, resource_type: str) -> int:
        """Bytes of the rows of a type."""
        return self._by_type[resource_type].bytes

    def batches(self, resource_type: str) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a type."""
        rows = self._by_type[resource_type]
        for segment in rows.segments:
            yield from self._file.read(segment)
        yield from rows.batches

    def close(self) -> None:
        """Drop everything."""
        self._by_type.clear()
        self._file.close()

    def _write(self) -> None:
        """Move what is in memory to the file."""
        self._reserve(self._in_memory)
        try:
            for rows in self._by_type.values():
                rows.segments += self._append_to_file(rows.batches)
                rows.batches.clear()
        except OSError as error:
            log.warning("upload_not_spooled", reason=str(error))
            msg = "The server's disk has no room for the upload; try again later."
            raise (DiskFull if error.errno in FULL else ServerBusy)(msg) from error
        self._in_memory = 0

    def _reserve(self, size: int) -> None:
        limit = {"limit_bytes": self._space.limit_bytes, "setting": SpoolSpace.SETTING}
        try:
            self._file.reserve(size)
        except NoSpace as full:
            if self._file.reserved_bytes + size > self._space.limit_bytes:
                msg = f"The upload holds more than the {self._space.limit_bytes:,} bytes that one may have."
                raise LimitExceeded(msg, **limit) from full
            msg = f"Uploads in progress take the {self._space.limit_bytes:,} bytes for them; try again later."
            raise ServerBusy(msg, **limit) from full

    def _append_to_file(self, batches: Sequence[pa.RecordBatch]) -> list[Segment]:
        # Batches of one type differ in their columns where an update changes other fields.
        return [self._file.append(list(alike)) for _, alike in groupby(batches, attrgetter("schema"))]
