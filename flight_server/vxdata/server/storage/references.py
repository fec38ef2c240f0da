"""Which blobs are referred to, by any version of any resource."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.sql.names import TOMBSTONE
from vxdata.sql.schema import upgrade as catalog
from vxdata.sql.write import blob_columns as statements
from vxdata.sql.write.blob_columns import URLS_OF, BlobColumn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vxdata.schemas.catalog.registry import Registry
    from vxdata.schemas.fields import Field
    from vxdata.schemas.types.object_url import ObjectUrl
    from vxdata.server.database.connection import Connection

HISTORY = "_history"


def find_blob_columns(connection: Connection, registry: Registry) -> list[BlobColumn]:
    """Find the columns that may hold URLs of blobs.

    They are the blob fields, and every text column that no registered type declares: a type or a field
    may be gone from the registry, but the versions that were written under it stay.

    Args:
        connection: A connection to the database.
        registry: The payload types.

    Returns:
        The columns, of latest and superseded versions.
    """
    rows = connection.rows(catalog.COLUMNS)
    versioned = {row["table_name"] for row in rows if row["column_name"] == TOMBSTONE}
    declared = {payload_type.prefix: payload_type.response_fields for payload_type in registry}
    return [
        BlobColumn(row["table_name"], row["column_name"], row["column_type"])
        for row in rows
        if row["table_name"] in versioned
        and row["column_type"] in URLS_OF
        and _may_hold_blobs(row["column_name"], declared.get(_type_of(row["table_name"]), ()))
    ]


def referenced_urls(
    connection: Connection, holders: Iterable[BlobColumn], begin: str, since: int = 0
) -> set[str]:
    """Read the URLs that versions hold.

    Args:
        connection: A connection in a transaction.
        holders: Where to look.
        begin: What the URLs begin with.
        since: Only versions of later commits are looked at.

    Returns:
        All of them, in memory: some hundred bytes each.
    """
    with connection.stream(statements.held(holders, begin=begin, since=since)) as batches:
        return {url for batch in batches for url in batch.column(0).to_pylist()}


def referenced_urls_since(
    connection: Connection, holders: Iterable[BlobColumn], begin: str, since: int
) -> set[str]:
    """Read the URLs that versions of later commits hold, looking only at types that have any.

    Args:
        connection: A connection in a transaction.
        holders: Where to look.
        begin: What the URLs begin with.
        since: The last commit whose versions need not be looked at.

    Returns:
        The URLs.
    """
    changed = {row["resource_type"] for row in connection.rows(statements.changed_since(since))}
    newer = [holder for holder in holders if _type_of(holder.table) in changed]
    return referenced_urls(connection, newer, begin, since) if newer else set()


def is_referenced(url: ObjectUrl, held: set[str]) -> bool:
    """Whether an object is among URLs, itself or by a prefix."""
    return any(form in held for form in forms_of(url))


def forms_of(url: ObjectUrl) -> Iterator[str]:
    """Every way in which a version can refer to an object: its own URL, and the prefixes above it."""
    yield str(url)
    folder = f"s3://{url.bucket}/{url.key}"
    while folder != f"s3://{url.bucket}":
        folder = folder.rpartition("/")[0]
        yield f"{folder}/"
        yield f"{folder}/*"


def _type_of(table: str) -> str:
    return table.removesuffix(HISTORY)


def _may_hold_blobs(column: str, declared: Iterable[Field]) -> bool:
    """Whether a column is a blob field, or no declared field at all."""
    field = next((field for field in declared if field.name == column), None)
    return field is None or field.holds_blobs
