"""Keys: what makes two answers the same."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.server.database.clock import ResolvedSnapshot


def cache_key(sql: str, columns: str, seen: ResolvedSnapshot, releases: Sequence[str] = ()) -> str:
    """Name an answer by all that it depends on.

    The statement stands for the plan, and holds every literal. The last commit is named by its stamp too, so
    that a database that was put back from a backup and went on differently has other keys.

    Args:
        sql: The statement.
        columns: Names and types of the answer's columns.
        seen: What the snapshot sees of the types that are read.
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
    """Another version may make another answer of the same statement."""
    return metadata.version("vxdata")
