"""What the routes of `/v1` work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from vxdata.schemas.catalog import Catalog
    from vxdata.server.call import Call
    from vxdata.server.listeners.http.calls import Calls
    from vxdata.server.services import Services


@dataclass(frozen=True)
class Context:
    """What the routes work with.

    Args:
        services: The use cases.
        everything: All that plans may name, whoever asks.
        calls: Opens the calls.
        flight_port: Tells on which port clients connect, for programs that users take away.
        flight_scheme: How their address begins.
    """

    services: Services
    everything: Catalog
    calls: Calls
    flight_port: Callable[[], int]
    flight_scheme: str = "grpc"

    def catalog(self, call: Call) -> Catalog:
        """Show what the plans of a caller may name.

        Args:
            call: The call.

        Returns:
            The catalog, without what is hidden from the caller.
        """
        return self.everything.seen_by(call.principal.grants)
