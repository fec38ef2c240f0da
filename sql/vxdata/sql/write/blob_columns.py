"""The blobs that versions refer to, whatever their type, field and age."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vxdata.sql.dialect.postgres import texts
from vxdata.sql.names import column, history, latest, render, text, written
from vxdata.sql.schema.ddl import map_columns
from vxdata.sql.types import catalog_type, mapping_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vxdata.schemas.fields import Field
    from vxdata.schemas.payload_type import PayloadType
    from vxdata.sql.write.granted import Granted

URLS_OF: Final = {"text": "{}", "text[]": "unnest({})", "jsonb": "(jsonb_each_text({})).value"}
"""Type of a column to the expression for the URLs that a row holds there."""

NO_URL: Final = "SELECT NULL::text AS url WHERE false"

HASHED: Final = "/[0-9a-f]{64}/[^/*]+$"
"""The keys of uploads, which state the hash of their content: who knows it, knows the content."""


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
        return _urls_of(self.column, self.column_type)


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
    return " UNION ALL ".join(parts) or NO_URL


def named(payload_types: Iterable[PayloadType], urls: Iterable[str], granted: Granted) -> str:
    """Read which of some URLs are named by versions that are seen, present or superseded.

    Args:
        payload_types: The types that are seen.
        urls: The URLs.
        granted: What is seen of the types.

    Returns:
        A query for the column `url`.
    """
    parts = [part for payload_type in payload_types for part in _naming(payload_type, granted)]
    seen = " UNION ALL ".join(parts) or NO_URL
    # As constants they would stand in the plan once for each column, and parallel workers read all of it.
    return (
        f"WITH asked AS MATERIALIZED (SELECT unnest({texts(urls)}) AS url) "
        f"SELECT DISTINCT seen.url FROM ({seen}) AS seen WHERE seen.url IN (SELECT url FROM asked)"
    )


def _naming(payload_type: PayloadType, granted: Granted) -> Iterator[str]:
    """Read the URLs of the seen versions of a type that may name one of those that are asked for.

    The columns that hold one URL each are read together, so that their table is read once for all of them.
    """
    holding = _holding(payload_type)
    single = [render(column(field.name)) for field in holding if catalog_type(field.type) == "text"]
    several = [_urls_of_field(field) for field in holding if catalog_type(field.type) != "text"]
    for table in (latest, history):
        versions, is_visible = written(table, payload_type.prefix), granted.is_visible(payload_type.prefix)
        if single:
            is_asked = " OR ".join(f"{each} IN (SELECT url FROM asked)" for each in single)
            yield (
                f"SELECT unnest(ARRAY[{', '.join(single)}]) AS url FROM {versions} "
                f"WHERE {is_visible} AND ({is_asked})"
            )
        yield from (f"SELECT {urls} AS url FROM {versions} WHERE {is_visible}" for urls in several)


def foreign(
    payload_type: PayloadType,
    staged: str,
    buckets: Iterable[str],
    payload_types: Iterable[PayloadType],
    granted: Granted,
) -> str:
    """Find staged resources that name blobs which their sender may not know of.

    Who names a blob can read it. Without this, a guess would be enough.

    Args:
        payload_type: Type of the resources.
        staged: The relation of the staged rows.
        buckets: Buckets that the server opens with its own credentials.
        payload_types: The types that the sender sees.
        granted: What the sender sees of them.

    Returns:
        A query for the identifiers of those that name, in one of the buckets, a key that states no content
        hash, unless a version that the sender sees names the same.
    """
    parts = [
        f"SELECT s.identifier, {urls_of} AS url FROM {staged} AS s" for urls_of in _staged_urls(payload_type)
    ]
    opened = " OR ".join(f"starts_with(n.url, {text(f's3://{bucket}/')})" for bucket in buckets)
    if not parts or not opened:
        return "SELECT NULL::text AS identifier WHERE false"
    return (
        f"SELECT DISTINCT n.identifier FROM ({' UNION ALL '.join(parts)}) AS n "
        f"WHERE ({opened}) AND n.url !~ {text(HASHED)} "
        f"AND n.url NOT IN (SELECT seen.url FROM ({_seen_urls(payload_types, granted)}) AS seen "
        "WHERE seen.url IS NOT NULL) ORDER BY 1"
    )


def _seen_urls(payload_types: Iterable[PayloadType], granted: Granted) -> str:
    """The URLs that versions name which are seen."""
    parts = [
        f"SELECT {_urls_of_field(field)} AS url "
        f"FROM {written(table, payload_type.prefix)} WHERE {granted.is_visible(payload_type.prefix)}"
        for payload_type in payload_types
        for field in _holding(payload_type)
        for table in (latest, history)
    ]
    return " UNION ALL ".join(parts) or NO_URL


def _holding(payload_type: PayloadType) -> list[Field]:
    return [field for field in payload_type.response_fields if field.holds_blobs]


def _urls_of_field(field: Field) -> str:
    return _urls_of(field.name, catalog_type(field.type))


def _urls_of(name: str, column_type: str) -> str:
    return URLS_OF[column_type].format(render(column(name)))


def _staged_urls(payload_type: PayloadType) -> Iterator[str]:
    """Expressions for the URLs of a staged row, in which a mapping is two arrays."""
    for field in payload_type.create_fields:
        if field.holds_blobs:
            is_mapping = mapping_type(field.type) is not None
            name = map_columns(field.name)[1] if is_mapping else field.name
            column_type = "text[]" if is_mapping else catalog_type(field.type)
            yield URLS_OF[column_type].format(render(column(name, "s")))


def changed_since(version: int) -> str:
    """Read the types that any commit after a version has touched."""
    return f"SELECT resource_type FROM vxdata.type_clock WHERE version > {version}"
