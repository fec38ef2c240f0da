"""S3 as the engine sees it: a few methods on single objects, whoever signs the requests."""

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
"""What one thread holds in memory of an object that is streamed."""

PART_BYTES: Final = 8 * 1024 * 1024
"""What is larger moves in parts of this size, side by side."""

MAX_PARTS: Final = 10_000
"""Parts that S3 puts together to one object."""

_MD5: Final = re.compile(r'"([0-9a-f]{32})"')


@dataclass(frozen=True)
class Stat:
    """What S3 says of an object.

    Args:
        size: Its bytes.
        etag: Its ETag, as it is written in conditions.
        sha256: Hash that was stored with it, in hexadecimal; None without one.
        md5: Hash that its ETag is, for objects that were put in one piece; None for others.
    """

    size: int
    etag: str = ""
    sha256: str | None = None
    md5: str | None = None

    @classmethod
    def from_headers(cls, headers: Mapping[str, str]) -> Stat:
        """Read the headers of an answer, whose names are in lower case; it may hold a part of the object."""
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
        """How many."""
        return self.end - self.begin

    @classmethod
    def parts(cls, begin: int, end: int) -> list[Span]:
        """Divide bytes into parts, of which S3 takes 10,000 at most.

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
        """Make sure that nobody wrote to the file since.

        Args:
            url: The object that it is uploaded to.

        Raises:
            LocalFileProblem: Somebody did, so the key names content that the file no longer has.
        """
        found = self.path.stat()
        if (found.st_size, found.st_mtime_ns) != (self.size, self.modified):
            raise LocalFileProblem.about(str(url), "the file changed while it was uploaded")


class ObjectReader(Protocol):
    """An object to read from, in parts and by many threads."""

    def read(
        self, span: Span, etag: str | None = None
    ) -> AbstractContextManager[tuple[Stat, Iterator[bytes]]]:
        """Read a part: what S3 says of the object, and the bytes.

        Args:
            span: Which part; bytes beyond the end of the object are not missed.
            etag: What the object must still be, as an earlier part told.
        """


class Access(Protocol):
    """Reaches single objects.

    Every method raises a `StorageProblem` about the one object, of which only `TransferFailed` may pass
    when the same is tried again; `OSError` is left for what is wrong with the local file.
    """

    def expect(self, method: Method, urls: Iterable[ObjectUrl]) -> None:
        """Say what will be asked for soon, so that it can be prepared in batches."""

    def head(self, url: ObjectUrl) -> Stat:
        """Look at an object."""

    def object(self, url: ObjectUrl) -> ObjectReader:
        """Give an object to read from; nothing is asked for yet."""

    def put(self, url: ObjectUrl, source: Source, file_progress: FileProgress) -> bool:
        """Upload a file unless the object is there, and tell whether it was uploaded."""

    def list(self, prefix: ObjectUrl) -> Iterator[tuple[str, int]]:
        """Go through the objects below a prefix: URL and size of each, in the order of keys."""

    def close(self) -> None:
        """Close the connections."""
