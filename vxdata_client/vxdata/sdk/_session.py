"""The session: transport, catalog and settings, which all namespaces of a client share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vxdata.sdk._snapshot import instant_of
from vxdata.sdk._storage import Storage
from vxdata.sdk._transport.processes import per_process

if TYPE_CHECKING:
    from datetime import datetime

    from vxdata.schemas.catalog import Catalog
    from vxdata.schemas.catalog.registry import Registry
    from vxdata.sdk._snapshot import AsOf
    from vxdata.sdk._storage import StorageOptions
    from vxdata.sdk._transport.base import Transport


@dataclass(frozen=True)
class Session:
    """The way to the server, what it offers, and the instant that a client reads at.

    Args:
        transport: The way to the server.
        catalog: What the server offers, as far as the client knows.
        as_of: Instant of every read that names no other; the last commit if None.
        storage_options: How S3 is reached; by default as the environment says.
    """

    transport: Transport
    catalog: Catalog
    as_of: datetime | None = None
    storage_options: StorageOptions | None = None

    @per_process
    def storage(self) -> Storage:
        """Files in S3; nothing is asked before its first use."""
        return Storage(self.transport, self.registry, self.storage_options)

    @property
    def registry(self) -> Registry:
        """The payload types."""
        return self.catalog.registry

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle without what belongs to this process."""
        return type(self), (self.transport, self.catalog, self.as_of, self.storage_options)

    def instant(self, as_of: AsOf | None) -> datetime | None:
        """The instant of one read: that of the call, else that of the client."""
        return self.as_of if as_of is None else instant_of(as_of)
