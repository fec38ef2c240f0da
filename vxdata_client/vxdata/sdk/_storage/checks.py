"""Whether bytes are those of an object."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from vxdata.schemas.errors import BlobCorrupted
from vxdata.sdk._storage.access import CHUNK_BYTES, Span

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vxdata.schemas.types.object_url import ObjectUrl
    from vxdata.sdk._storage.access import Stat
    from vxdata.sdk._storage.progress import FileProgress


class Check:
    """Compares bytes, as they come, with what is known of an object.

    The hash in the key counts most, since it cannot change; then the one stored with the object; then
    the ETag, if it is one.

    Args:
        url: The object.
        stat: What S3 says of it.
    """

    def __init__(self, url: ObjectUrl, stat: Stat) -> None:
        """Choose the hash."""
        self._url = url
        self._expected_size = stat.size
        self._size = 0
        self._name = "md5" if url.sha256 is None and stat.sha256 is None else "sha256"
        self._expected = url.sha256 or stat.sha256 or stat.md5
        self._hash = None if self._expected is None else hashlib.new(self._name, usedforsecurity=False)

    def update(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._size += len(chunk)
        if self._hash is not None:
            self._hash.update(chunk)

    def update_from(self, path: Path, span: Span) -> None:
        """Take the next bytes from a file."""
        for chunk in chunks_of(path, span):
            self.update(chunk)

    def problem(self) -> str | None:
        """Return the fault of the bytes, or None."""
        if self._size != self._expected_size:
            return f"{self._size:,} bytes arrived of {self._expected_size:,}"
        if self._hash is None or self._hash.hexdigest() == self._expected:
            return None
        return f"its {self._name} is {self._hash.hexdigest()} and should be {self._expected}"

    def finish(self) -> None:
        """Make sure that nothing is wrong.

        Raises:
            BlobCorrupted: Something is.
        """
        problem = self.problem()
        if problem is not None:
            raise BlobCorrupted.about(str(self._url), problem)


def is_whole(path: Path, url: ObjectUrl, stat: Stat, file_progress: FileProgress) -> bool:
    """Whether a file holds the bytes of an object.

    Args:
        path: The file.
        url: The object.
        stat: What S3 says of it.
        file_progress: Can break off at every chunk; nothing moves.

    Returns:
        Whether size and hash are right.
    """
    size = path.stat().st_size
    if size != stat.size:
        return False
    check = Check(url, stat)
    for chunk in chunks_of(path, Span(0, size)):
        file_progress.moved(0)
        check.update(chunk)
    return check.problem() is None


def chunks_of(path: Path, span: Span) -> Iterator[bytes]:
    """Read a part of a file; what is missing at its end is left out."""
    with path.open("rb", buffering=0) as file:  # a buffer would read on, into parts that are not written yet
        file.seek(span.begin)
        left = span.size
        while left and (chunk := file.read(min(left, CHUNK_BYTES))):
            left -= len(chunk)
            yield chunk


def sha256_of(path: Path, file_progress: FileProgress) -> str:
    """Hash a file, in hexadecimal.

    Args:
        path: The file.
        file_progress: Hears of every chunk, and can break off there.

    Returns:
        The hash.
    """
    digest = hashlib.sha256()
    buffer = memoryview(bytearray(CHUNK_BYTES))
    file_progress.moved(0)
    with path.open("rb", buffering=0) as file:
        while size := file.readinto(buffer):
            digest.update(buffer[:size])
            file_progress.moved(size)
    return digest.hexdigest()
