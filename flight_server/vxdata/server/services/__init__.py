"""The use cases of the server: what the listeners ask for, free of Flight, of HTTP and of SQL text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vxdata.schemas.errors import UnknownCatalog

if TYPE_CHECKING:
    from vxdata.server.services.answers import AnswerService
    from vxdata.server.services.audit import AuditService
    from vxdata.server.services.blobs import BlobService
    from vxdata.server.services.catalog_tables import CatalogTableService
    from vxdata.server.services.catalogs import Catalogs
    from vxdata.server.services.cohorts import CohortService
    from vxdata.server.services.health import HealthService
    from vxdata.server.services.read import ReadService
    from vxdata.server.services.register import RegisterService
    from vxdata.server.services.write import WriteService


@dataclass(frozen=True)
class OwnData:
    """The use cases of VxData's own data."""

    read: ReadService
    write: WriteService
    register: RegisterService
    blobs: BlobService
    answers: AnswerService


@dataclass(frozen=True)
class Services:
    """All use cases, as the listeners hold them.

    Args:
        own: Those of VxData's own data; None for a server of catalogs alone.
        catalogs: The catalogs.
        cohorts: Answers questions for cohorts.
        tables: Reads plain tables of catalogs.
        health: Answers health checks.
        audit: Shows the audit.
    """

    own: OwnData | None
    catalogs: Catalogs
    cohorts: CohortService
    tables: CatalogTableService
    health: HealthService
    audit: AuditService

    @property
    def read(self) -> ReadService:
        """Reads of VxData's own data."""
        return self._own_data.read

    @property
    def write(self) -> WriteService:
        """Writes of VxData's own data."""
        return self._own_data.write

    @property
    def register(self) -> RegisterService:
        """Registers external identifiers."""
        return self._own_data.register

    @property
    def blobs(self) -> BlobService:
        """Gives access to blobs."""
        return self._own_data.blobs

    @property
    def answers(self) -> AnswerService:
        """Gives answers addresses, and makes their files."""
        return self._own_data.answers

    @property
    def _own_data(self) -> OwnData:
        if self.own is None:
            msg = "This server has no data of its own, only catalogs: name the one that is meant."
            raise UnknownCatalog(msg)  # without the names of all: not every caller sees them
        return self.own
