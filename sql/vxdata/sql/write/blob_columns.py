"""The blobs that versions refer to, whatever their type, field and age."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vxdata.sql.names import column, latest, render, text

if TYPE_CHECKING:
    from collections.abc import Iterable

URLS_OF: Final = {"text": "{}", "text[]": "unnest({})", "jsonb": "(jsonb_each_text({})).value"}
"""Type of a column to the expression for the URLs that a row holds there."""


@dataclass(frozen=True)
class BlobColumn:
    """A column that may hold URLs of blobs.

    Args:
        table: A table of versions, latest or superseded ones.
        column: The column.
        column_type: Its type, one of `URLS_OF`.
    """

    table: str
    column: str
    column_type: str

    @property
    def urls(self) -> str:
        """Expression for the URLs of a row."""
        return URLS_OF[self.column_type].format(render(column(self.column)))


def held(holders: Iterable[BlobColumn], *, begin: str, since: int = 0) -> str:
    """Read the URLs that versions hold, whether these are live, deleted or superseded.

    Args:
        holders: Where to look.
        begin: What the URLs begin with, such as a bucket's.
        since: Only versions of later commits are looked at.

    Returns:
        A query for the column `url`; a URL may come more than once.
    """
    parts = [
        f"SELECT url FROM (SELECT {holder.urls} AS url FROM {render(latest(holder.table))} "
        f"WHERE version > {since}) AS held WHERE starts_with(url, {text(begin)})"
        for holder in holders
    ]
    return " UNION ALL ".join(parts) or "SELECT NULL::text AS url WHERE false"


def changed_since(version: int) -> str:
    """Read the types that any commit after a version has touched."""
    return f"SELECT resource_type FROM vxdata.type_clock WHERE version > {version}"
