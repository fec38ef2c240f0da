"""Keys of files: two files have the same key only if their bytes are the same."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from typing import Final

WRITERS: Final = ("vxdata", "pyarrow", "arro3-io")
"""What writes the bytes; another version may write others."""


def file_key(digest: str, form: str, purge_epoch: int, view: str) -> str:
    """Return the key of a file.

    Args:
        digest: Digest of the plan, which states its instant and its columns.
        form: Name of the format.
        purge_epoch: Number of purges before it is made: the one thing that changes a past state.
        view: Name of what is seen of the resources by whom it is made for; empty where that is all.

    Returns:
        A hexadecimal digest, which can be a file name and an ETag.
    """
    named = hashlib.blake2b(digest_size=16)
    for part in (digest, form, str(purge_epoch), view, _writers()):
        named.update(part.encode() + b"\0")
    return named.hexdigest()


@cache
def _writers() -> str:
    return " ".join(f"{name} {version(name)}" for name in WRITERS)
