"""Whether a file holds the bytes of an object."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from vxdata.schemas.errors import BlobCorrupted

if TYPE_CHECKING:
    from pathlib import Path

    from vxdata.schemas.blob_urls import ObjectUrl
    from vxdata.sdk._storage.access import Stat


def problem_of(path: Path, url: ObjectUrl, stat: Stat) -> str | None:
    """Compare a file with what is known of the object.

    The hash in the key counts most, since nobody can change it; then the one stored with the object; then
    the ETag, if it is one.

    Args:
        path: The file.
        url: The object.
        stat: What S3 says of it.

    Returns:
        What is wrong, or None.
    """
    size = path.stat().st_size
    if size != stat.size:
        return f"{size:,} bytes arrived of {stat.size:,}"
    for name, expected in (("sha256", url.sha256), ("sha256", stat.sha256), ("md5", stat.md5)):
        if expected is not None:
            found = digest_of(path, name)
            return None if found == expected else f"its {name} is {found} and should be {expected}"
    return None


def check(path: Path, url: ObjectUrl, stat: Stat) -> None:
    """Make sure that a file holds the bytes of an object.

    Raises:
        BlobCorrupted: It does not.
    """
    problem = problem_of(path, url, stat)
    if problem is not None:
        raise BlobCorrupted.about(str(url), problem)


def digest_of(path: Path, name: str) -> str:
    """Hash a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new(name, usedforsecurity=False)).hexdigest()
