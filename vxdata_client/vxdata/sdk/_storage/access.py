"""Access to single objects in S3: the few methods that transfers need, however requests are signed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Protocol

from vxdata.schemas.errors import LocalFileProblem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from vxdata.schemas.types.object_url import ObjectUrl
    from vxdata.sdk._storage.progress import FileProgress

Method = Literal["get", "head", "put"]

CHUNK_BYTES: Final = 1024 * 1024
"""Bytes that one thread holds in memory of an object that it streams."""

PART_BYTES: Final = 8 * 1024 * 1024
"""Bytes of a part. A larger object is transferred in parts, in parallel."""

MAX_PARTS: Final = 10_000
"""Parts of one object in S3, at most."""

_MD5: Final = re.compile(r'"([0-9a-f]{32})"')


@dataclass(frozen=True)
class Stat:
    """The metadata of an object in S3.

    Args:
        size: Bytes of the object.
        etag: ETag of the object, as conditions write it.
        sha256: Hash that was stored with the object, in hexadecimal; None without one.
        md5: Hash in the ETag, for objects that were put in one request; None for others.
    """

    size: int
    etag: str = ""
    sha256: str | None = None
    md5: str | None = None

    @classmethod
    def from_headers(cls, headers: Mapping[str, str]) -> Stat:
        """Read the headers of a response, with names in lower case; it may hold a part of the object."""
        etag = headers.get("etag", "")
        md5 = _MD5.fullmatch(etag)
        # With a key of KMS or of the customer, the ETag is no hash of the content.
        keyed = headers.get("x-amz-server-side-encryption", "AES256") != "AES256" or any(
            name.startswith("x-amz-server-side-encryption-customer") for name in headers
        )
        return cls(
            size=int(headers.get("content-range", headers["content-length"]).rpartition("/")[2]),
            etag=etag,
            sha256=headers.get("x-amz-meta-sha256"),
            md5=None if md5 is None or keyed else md5[1],
        )


@dataclass(frozen=True)
class Span:
    """Bytes of an object or a file, from `begin` up to `end` and without it."""

    begin: int
    end: int

    @property
    def size(self) -> int:
        """Number of bytes."""
        return self.end - self.begin

    @classmethod
    def parts(cls, begin: int, end: int) -> list[Span]:
        """Divide a range of bytes into parts, at most as many as S3 allows.

        Example:
            >>> Span.parts(0, PART_BYTES + 1)
            [Span(begin=0, end=8388608), Span(begin=8388608, end=8388609)]
        """
        length = max(PART_BYTES, -(-(end - begin) // MAX_PARTS))
        return [cls(first, min(first + length, end)) for first in range(begin, end, length)]


@dataclass(frozen=True)
class Source:
    """A local file to upload, as it was when it was hashed.

    Args:
        path: The file.
        size: Its bytes.
        modified: When it was changed last, in nanoseconds.
        sha256: Its hash, in hexadecimal.
    """

    path: Path
    size: int
    modified: int
    sha256: str

    def require_unchanged(self, url: ObjectUrl) -> None:
        """Check that the file has not changed since.

        Args:
            url: The object that it is uploaded to.

        Raises:
            LocalFileProblem: The file has changed, so its content does not match the key.
        """
        found = self.path.stat()
        if (found.st_size, found.st_mtime_ns) != (self.size, self.modified):
            raise LocalFileProblem.about(str(url), "the file changed while it was uploaded")


class ObjectReader(Protocol):
    """An object in S3, whose parts several threads can read."""

    def read(
        self, span: Span, etag: str | None = None
    ) -> AbstractContextManager[tuple[Stat, Iterator[bytes]]]:
        """Read a part of the object, for the length of a block: its metadata, and the bytes.

        Args:
            span: The part; it may reach beyond the end of the object.
            etag: The ETag that the object must still have, from an earlier part.
        """


class Access(Protocol):
    """A way to read and write single objects in S3.

    Every method raises a `StorageProblem` that names the object; a retry can help only after
    `TransferFailed`. Problems with a local file raise `OSError`.
    """

    def expect(self, method: Method, urls: Iterable[ObjectUrl]) -> None:
        """Announce the next requests, so that they can be prepared in batches."""

    def head(self, url: ObjectUrl) -> Stat:
        """Read the metadata of an object."""

    def object(self, url: ObjectUrl) -> ObjectReader:
        """Return a reader of an object; no request is sent yet."""

    def put(self, url: ObjectUrl, source: Source, file_progress: FileProgress) -> bool:
        """Upload a file unless the object exists; return whether it was uploaded."""

    def list(self, prefix: ObjectUrl) -> Iterator[tuple[str, int]]:
        """Yield the URL and size of each object below a prefix, in the order of keys."""

    def close(self) -> None:
        """Close the connections."""
