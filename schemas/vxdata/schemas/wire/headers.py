"""Headers of calls, and the metadata keys of results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from datetime import datetime

AS_OF_KEY: Final = b"vxdata.as_of"
"""Key of a result's schema metadata: the instant it was read at, ISO 8601 in microseconds UTC."""

VERSION_KEY: Final = b"vxdata.version"
"""Key of a result's schema metadata: sequence number of the last commit that it can see."""

CATALOG_KEY: Final = b"vxdata.catalog"
"""Key of the schema metadata of a catalog's result: the catalog's name."""

DIGEST_KEY: Final = b"vxdata.digest"
"""Key of the schema metadata of a catalog's result: digest of the catalog's tables."""

RELEASE_KEY: Final = b"vxdata.release"
"""Key of the schema metadata of a catalog's result: the release that it shows, if anything tells it."""

Compression = Literal["zstd", "lz4"]
"""Codecs of Arrow IPC buffers."""

COMPRESSION: Final = "vxdata-accept-compression"
"""Header of a call: the codecs that its caller can read, the preferred one first, between commas."""

ACCEPT_LINEAGE: Final = "vxdata-accept-lineage"
"""Header of an upload, with the value 1: its caller takes the lineage of what it creates.

A second message after the receipt holds it, as an Arrow IPC stream of `LINEAGE_SCHEMA`, a row for each
resource. It may be missing: a server need not keep so much until the commit, and knows none where it answers
a request again. It can be read at any time.
"""

TIMEOUT: Final = "vxdata-timeout"
"""Header of a call: the seconds that its caller waits, which gRPC does not tell a server."""


def snapshot_metadata(as_of: datetime, version: int) -> dict[bytes, bytes]:
    """Write the instant that rows were read at as metadata of their schema.

    Args:
        as_of: The instant, UTC.
        version: Sequence number of the last commit that the rows can show.

    Returns:
        Keys and values.

    Example:
        >>> from datetime import UTC, datetime
        >>> snapshot_metadata(datetime(2026, 1, 2, tzinfo=UTC), 7)
        {b'vxdata.as_of': b'2026-01-02T00:00:00.000000+00:00', b'vxdata.version': b'7'}
    """
    return {AS_OF_KEY: as_of.isoformat(timespec="microseconds").encode(), VERSION_KEY: str(version).encode()}


def catalog_metadata(name: str, digest: str, release: str | None) -> dict[bytes, bytes]:
    """Write what rows of a catalog show as metadata of their schema.

    Args:
        name: Name of the catalog.
        digest: Digest of its tables.
        release: Release of its data; None if nothing tells it.

    Returns:
        Keys and values.

    Example:
        >>> catalog_metadata("cda", "5e0f", None)
        {b'vxdata.catalog': b'cda', b'vxdata.digest': b'5e0f'}
    """
    told = {CATALOG_KEY: name.encode(), DIGEST_KEY: digest.encode()}
    return told if release is None else {**told, RELEASE_KEY: release.encode()}
