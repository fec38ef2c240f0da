"""Cache keys: two queries have the same key only if their results are the same."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
    return _digest((sql, columns, seen.last_change, str(seen.purge_epoch), *releases))


def catalog_key(name: str, place: str, tables: str, release: str, sql: str, columns: str) -> str:
    """Return the key of a result of a catalog, which has no commits: its release stands in their place.

    Args:
        name: Name of the catalog.
        place: Digest of where its database is: results outlive the server, and its settings.
        tables: Digest of its tables.
        release: Release of its data, read in the snapshot of the result.
        sql: The statement.
        columns: Names and types of the result's columns.

    Returns:
        A hexadecimal digest that can be a file name.
    """
    return _digest(("catalog", name, place, tables, release, sql, columns))


def _digest(parts: Iterable[str]) -> str:
    digest = hashlib.blake2b(digest_size=20)
    for part in (_version(), *parts):
        text = part.encode()
        digest.update(len(text).to_bytes(8))
        digest.update(text)
    return digest.hexdigest()


@cache
def _version() -> str:
    """Return the version of VxData; another version may make another result of the same statement."""
    return metadata.version("vxdata")
