"""What the routes of `/v1` work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from vxdata.schemas.catalog import Catalog
    from vxdata.server.listeners.http.calls import Calls
    from vxdata.server.services import Services


@dataclass(frozen=True)
class Context:
    """What the routes work with.

    Args:
        services: The use cases.
        catalog: What plans may name.
        calls: Opens the calls.
        flight_port: Tells on which port clients connect, for programs that users take away.
    """

    services: Services
    catalog: Catalog
    calls: Calls
    flight_port: Callable[[], int]
