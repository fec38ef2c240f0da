"""S3 as the engine sees it: a few methods on single objects, whoever signs the requests."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from vxdata.schemas.blob_urls import ObjectUrl
    from vxdata.sdk._storage.progress import Tally

Method = Literal["get", "head", "put"]

CHUNK_BYTES: Final = 1024 * 1024
"""What one thread holds in memory of an object that is streamed."""

LARGE_BYTES: Final = 8 * 1024 * 1024
"""What is larger is looked for before it is uploaded, and sent from the file instead of from memory."""

_MD5: Final = re.compile(r'"([0-9a-f]{32})"')


@dataclass(frozen=True)
class Stat:
    """What S3 says of an object.

    Args:
        size: Its bytes.
        sha256: Hash that was stored with it, in hexadecimal; None without one.
        md5: Hash that its ETag is, for objects that were put in one piece; None for others.
    """

    size: int
    sha256: str | None = None
    md5: str | None = None

    @classmethod
    def from_headers(cls, headers: Mapping[str, str]) -> Stat:
        """Read the headers of an answer, whose names are in lower case."""
        etag = _MD5.fullmatch(headers.get("etag", ""))
        # With a key of KMS or of the customer, the ETag is no hash of the content.
        keyed = headers.get("x-amz-server-side-encryption", "AES256") != "AES256" or any(
            name.startswith("x-amz-server-side-encryption-customer") for name in headers
        )
        return cls(
            size=int(headers["content-length"]),
            sha256=headers.get("x-amz-meta-sha256"),
            md5=None if etag is None or keyed else etag[1],
        )


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

    def has_changed(self) -> bool:
        """Whether somebody wrote to the file since."""
        found = self.path.stat()
        return (found.st_size, found.st_mtime_ns) != (self.size, self.modified)


class Access(Protocol):
    """Reaches single objects.

    Every method raises a `StorageProblem` about the one object, of which only `TransferFailed` may pass
    when the same is tried again; `OSError` is left for what is wrong with the local file.
    """

    def expect(self, method: Method, urls: Iterable[ObjectUrl]) -> None:
        """Say what will be asked for soon, so that it can be prepared in batches."""

    def head(self, url: ObjectUrl) -> Stat:
        """Look at an object."""

    def get(self, url: ObjectUrl, path: Path, tally: Tally) -> Stat:
        """Write an object to a file, and tell what S3 says of it; the bytes are not checked here."""

    def put(self, url: ObjectUrl, source: Source, tally: Tally) -> bool:
        """Upload a file unless the object is there, and tell whether it was uploaded."""

    def list(self, prefix: ObjectUrl) -> Iterator[tuple[str, int]]:
        """Go through the objects below a prefix: URL and size of each, in the order of keys."""

    def close(self) -> None:
        """Close the connections."""
