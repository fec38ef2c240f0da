"""The use cases of the server: what Flight calls ask for, free of Flight and of SQL text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vxdata.server.services.blobs import BlobService
    from vxdata.server.services.health import HealthService
    from vxdata.server.services.read import ReadService
    from vxdata.server.services.register import RegisterService
    from vxdata.server.services.write import WriteService


@dataclass(frozen=True)
class Services:
    """All use cases, as the listeners hold them."""

    read: ReadService
    write: WriteService
    register: RegisterService
    blobs: BlobService
    health: HealthService
