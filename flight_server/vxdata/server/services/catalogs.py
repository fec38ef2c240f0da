"""Catalogs: databases that VxData did not design, each read by reflection and served under its name.

A failure of one catalog stops neither the server nor the others: calls for it fail with `ServerUnavailable`.
Only a catalog whose URI cannot be parsed keeps the server from starting.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from vxdata.schemas.errors import InvalidCatalog
from vxdata.server.services.catalog_views import SeenCatalogs
from vxdata.server.services.named_catalog import NamedCatalog, nothing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vxdata.schemas.identity import Grants
    from vxdata.server.catalog_settings import CatalogSettings
    from vxdata.server.services.named_catalog import Connect, MakeWriteAside, Prepare

START_SECONDS: Final = 10.0
"""Seconds that the start of a server waits for its catalogs; slower ones are read while it serves."""


class Catalogs:
    """All catalogs of a server, by name.

    Args:
        settings: Where each of them is.
        connect: Makes a pool of connections to a database.
        make_write_aside: Makes the `WriteAside` of a pool; by default, slow readers keep connections.
        prepare: Prepares the database of a catalog, each time before it is read.
    """

    def __init__(
        self,
        settings: Mapping[str, CatalogSettings],
        connect: Connect,
        make_write_aside: MakeWriteAside = nothing,
        prepare: Prepare = nothing,
    ) -> None:
        """Begin with none of them read."""
        self._by_name = {
            name: NamedCatalog(name, each, connect, make_write_aside, prepare)
            for name, each in settings.items()
        }

    def __iter__(self) -> Iterator[NamedCatalog]:
        """Iterate in the order of the settings."""
        return iter(self._by_name.values())

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._by_name)

    def seen_by(self, grants: Grants) -> SeenCatalogs:
        """Show those that are granted, as if there were no others.

        Args:
            grants: What is seen.
        """
        return SeenCatalogs(self, grants.catalogs)

    def start(self, wait: float = START_SECONDS) -> None:
        """Read all of them at the same time, each in a thread of its own.

        Args:
            wait: Seconds to wait for them; the threads of those that are away go on.

        Raises:
            InvalidCatalog: The URI of one of them cannot be read.
        """
        for each in self:
            name = f"vxdata-catalog-{each.name}"
            threading.Thread(target=each.keep_trying, name=name, daemon=True).start()
        until = time.monotonic() + wait
        for each in self:
            each.has_been_tried.wait(max(until - time.monotonic(), 0.0))
        mistakes = {each.name: str(each.mistake) for each in self if each.mistake is not None}
        if mistakes:
            told = " ".join(
                f"The URI of the catalog {name} cannot be read: {mistake}"
                for name, mistake in mistakes.items()
            )
            raise InvalidCatalog(told, catalogs=mistakes)

    def close(self) -> None:
        """Close all connections."""
        for each in self:
            each.close()
