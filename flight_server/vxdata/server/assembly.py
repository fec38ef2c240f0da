"""How the services of a server are put together, from its parts and its settings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from vxdata.server.answer_files.store import AnswerFiles
from vxdata.server.database.catalog_rights import let_read
from vxdata.server.database.pool import Lane
from vxdata.server.parts import open_catalog
from vxdata.server.result_cache.write_aside import WriteAside
from vxdata.server.services import OwnData, Services
from vxdata.server.services.answers import AnswerLimits, AnswerService
from vxdata.server.services.audit import AuditService
from vxdata.server.services.blobs import BlobService
from vxdata.server.services.catalog_stream import CatalogReader
from vxdata.server.services.catalog_tables import CatalogTableService
from vxdata.server.services.catalogs import Catalogs
from vxdata.server.services.cohorts import CohortService
from vxdata.server.services.copy_reads import CopyReads
from vxdata.server.services.health import HealthService
from vxdata.server.services.read import ReadService
from vxdata.server.services.register import RegisterService
from vxdata.server.services.write import WriteService

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import ExitStack

    from vxdata.schemas.catalog import Catalog
    from vxdata.server.audit import AuditLog
    from vxdata.server.config import Settings
    from vxdata.server.copies import Copies
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.parts import OwnParts, SharedParts


@dataclass(frozen=True)
class Assembly:
    """Builds services that share their parts.

    Args:
        settings: How to run.
        shared: What all services use.
        audit: The audit, where one is kept.
        parts: Closes what the services open when the server stops.
    """

    settings: Settings
    shared: SharedParts
    audit: AuditLog | None
    parts: ExitStack

    def services(self, own: OwnParts | None, catalog: Catalog, unprotected: Sequence[str]) -> Services:
        """Build all services.

        Args:
            own: The databases and stores of VxData's own data; None for a server of catalogs only.
            catalog: What is served of VxData's own data.
            unprotected: The protection that the listeners lack although other machines can reach them.

        Returns:
            The services; the catalogs are not read yet.
        """
        shared = self.shared
        catalogs = self._catalogs(own)
        self.parts.callback(catalogs.close)
        reader = CatalogReader(shared.monitor, shared.released, self.settings.stall_limit)
        cohorts, tables = CohortService(catalogs, reader), CatalogTableService(catalogs, reader)
        audit = AuditService(self.audit)
        if own is None:
            health = HealthService(None, None, catalogs=catalogs, unprotected=unprotected)
            return Services(None, catalogs, cohorts, tables, health, audit)
        data = self._own_data(own, catalog)
        health = HealthService(
            own.database,
            own.blobs,
            own.witness,
            catalogs,
            copies=own.copies,
            answers=data.read.answers,
            unprotected=unprotected,
        )
        return Services(data, catalogs, cohorts, tables, health, audit)

    def _catalogs(self, own: OwnParts | None) -> Catalogs:
        connect = partial(open_catalog, self.settings)
        if own is None:
            return Catalogs(self.settings.catalogs, connect, self._make_write_aside)
        return Catalogs(
            self.settings.catalogs, connect, self._make_write_aside, partial(let_read, own.database)
        )

    def _own_data(self, own: OwnParts, catalog: Catalog) -> OwnData:
        """Build the services of VxData's own data."""
        settings, shared = self.settings, self.shared
        monitor, disk = shared.monitor, shared.disk
        read = ReadService(
            own.database,
            catalog,
            monitor,
            shared.results,
            stall_limit=settings.stall_limit,
            write_aside=self._make_write_aside(own.database, own.copies),
            witness=own.witness,
            copy_reads=CopyReads(own.copies, own.database, monitor, settings.query_limit),
        )
        files = self._answer_files()
        write = WriteService(
            own.database,
            catalog.registry,
            monitor,
            allow_purge=settings.allow_purge,
            idle=settings.upload_idle,
            limit=settings.upload_limit,
            space=shared.space,
            disk=disk,
            witness=own.witness,
            on_purge=partial(self._note_purges, files, own.copies),
            on_commit=(lambda: None) if own.copies is None else own.copies.wake,
            buckets=() if own.blobs is None else own.blobs.private,
        )
        limits = AnswerLimits(settings.answer_plan_bytes, settings.answer_plans)
        return OwnData(
            read=read,
            write=write,
            register=RegisterService(own.database, monitor, disk),
            blobs=BlobService(own.blobs, own.database, catalog.registry, monitor, disk),
            answers=AnswerService(read, own.database, monitor, files, own.signatures, limits, disk),
        )

    def _make_write_aside(self, database: ConnectionPool, copies: Copies | None = None) -> WriteAside:
        """Make the `WriteAside` that frees the connections of slow readers of a pool."""

        def has_waiters() -> bool:
            return database.has_waiters(Lane.STREAM) or (copies is not None and copies.has_waiters)

        settings = self.settings
        return WriteAside(self.shared.space, has_waiters, settings.stall_yield, settings.query_limit / 2)

    def _answer_files(self) -> AnswerFiles:
        settings = self.settings
        folder = None if settings.cache_dir is None else settings.cache_dir / "answers"
        files = AnswerFiles(folder, settings.answer_bytes, self.shared.disk)
        self.parts.callback(files.close)
        return files

    def _note_purges(self, files: AnswerFiles, copies: Copies | None, purge_epoch: int) -> None:
        """Drop what was computed or copied before a purge that has just been committed."""
        self.shared.results.note_purges(purge_epoch)
        files.note_purges(purge_epoch)
        if copies is not None:
            copies.note_purge(purge_epoch)
