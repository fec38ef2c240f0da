"""Cache keys: two queries have the same key only if their results are the same."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.server.database.clock import ResolvedSnapshot


def cache_key(sql: str, columns: str, seen: ResolvedSnapshot, releases: Sequence[str] = ()) -> str:
    """Return the key of a result: a digest of everything that the result depends on.

    The statement holds every literal of the plan. The last commit enters with its time, so that a database
    that was restored from a backup and then changed differently has other keys.

    Args:
        sql: The statement.
        columns: Names and types of the result's columns.
        seen: The last change and the last purge that the snapshot sees of the types that are read.
        releases: Releases of the plain tables that are read.

    Returns:
        A hexadecimal digest that can be a file name.
    """
    digest = hashlib.blake2b(digest_size=20)
    for part in (
        _version(),
        sql,
        columns,
        seen.last_change,
        str(seen.purge_epoch),
        *releases,
    ):
        text = part.encode()
        digest.update(len(text).to_bytes(8))
        digest.update(text)
    return digest.hexdigest()


@cache
def _version() -> str:
    """Return the version of VxData; another version may make another result of the same statement."""
    return metadata.version("vxdata")
