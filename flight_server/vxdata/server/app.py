"""The composition root: the one place that wires the server together."""

from __future__ import annotations

import math
import threading
import time
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Final, Self

import structlog

from vxdata.schemas.catalog import Catalog, default_catalog
from vxdata.schemas.catalog.registry import Registry
from vxdata.schemas.errors import ServerUnavailable
from vxdata.server.answer_files.store import AnswerFiles
from vxdata.server.database.monitor import CancellationMonitor
from vxdata.server.database.pool import Lane
from vxdata.server.disk_guard import DiskGuard
from vxdata.server.embedded.machine import usable_cpus
from vxdata.server.folder_lock import FolderInUse
from vxdata.server.listeners.admission import Admission
from vxdata.server.listeners.boundary import Boundary
from vxdata.server.listeners.connections import ConnectionGuard
from vxdata.server.listeners.errors import ErrorReporter
from vxdata.server.listeners.flight.server import FlightServer
from vxdata.server.listeners.http.app import LISTENER, build_app
from vxdata.server.listeners.http.calls import Calls
from vxdata.server.listeners.http.cda.app import build_catalog_app
from vxdata.server.listeners.http.hosts import answers_to
from vxdata.server.listeners.http.server import STOP_SECONDS, HttpServer
from vxdata.server.listeners.http.v1.app import build_v1_app
from vxdata.server.listeners.http.v1.context import Context
from vxdata.server.parts import OwnParts, open_catalog
from vxdata.server.result_cache.cache import ResultCache
from vxdata.server.result_cache.store import CacheStore, remove_files
from vxdata.server.result_cache.write_aside import WriteAside
from vxdata.server.services import OwnData, Services
from vxdata.server.services.answers import AnswerLimits, AnswerService
from vxdata.server.services.blobs import BlobService
from vxdata.server.services.catalog_stream import CatalogReader
from vxdata.server.services.catalog_tables import CatalogTableService
from vxdata.server.services.catalogs import Catalogs
from vxdata.server.services.cohorts import CohortService
from vxdata.server.services.health import HealthService
from vxdata.server.services.read import ReadService
from vxdata.server.services.register import RegisterService
from vxdata.server.services.write import WriteService
from vxdata.server.spool_space import SpoolSpace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from fastapi import FastAPI

    from vxdata.schemas.wire import Health
    from vxdata.server.call import Call
    from vxdata.server.config import Settings
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.listeners.boundary import Observer

CANCEL_SECONDS: Final = 10.0
"""How long cancelled calls get to end."""

MAX_SCAN_CONNECTIONS: Final = 4
"""Connections of one parallel scan, at most, unless the settings say otherwise."""

log = structlog.get_logger(__name__)


class Server:
    """A running server: the Flight listener, the HTTP listener and their parts.

    Args:
        settings: How to run; a database or catalogs must be set.
        catalog: What is served of VxData's own data; the installed payload types by default.
        observers: Told of every call that has ended, for metrics.

    Raises:
        ServerUnavailable: PostgreSQL cannot be reached.
        SchemaMismatch: The database is not that of this version.
        OSError: A port is taken.
    """

    def __init__(
        self, settings: Settings, catalog: Catalog | None = None, *, observers: Sequence[Observer] = ()
    ) -> None:
        """Start everything, in the order in which it depends on each other."""
        if settings.database_uri is None and not settings.catalogs:
            msg = "No database is configured: set VXDATA_DATABASE_URI, or VXDATA_CATALOGS."
            raise ServerUnavailable(msg)
        has_own = settings.database_uri is not None
        catalog = (catalog or default_catalog()) if has_own else Catalog({}, Registry(()))
        self._settings = settings
        self._ready = threading.Event()
        self._grace_ends = -math.inf
        self.is_stuck = False
        self.admission = Admission(settings.max_calls, settings.max_calls_each)
        with ExitStack() as parts:
            own = OwnParts.open(settings, catalog, parts) if has_own else None
            disk = DiskGuard(settings.free_space_dir, settings.free_space_bytes)
            self._space = SpoolSpace(settings.spool_dir, settings.spool_bytes, disk)
            catalogs = Catalogs(settings.catalogs, partial(open_catalog, settings), self._aside)
            parts.callback(catalogs.close)
            self._monitor = CancellationMonitor()
            parts.callback(self._monitor.close)
            store = _cache_store(settings, disk)
            if store is not None:
                parts.callback(store.close)
            self._result_cache = ResultCache(store)
            self._services = self._build_services(own, catalog, catalogs, disk, parts)
            catalogs.start()
            self._listen(parts, catalog, observers)
            self._parts = parts.pop_all()
        self._ready.set()

    def _listen(self, parts: ExitStack, catalog: Catalog, observers: Sequence[Observer]) -> None:
        """Start the listeners: health is answered from before the first call until after the last one."""
        settings, errors = self._settings, ErrorReporter()
        self._http_calls = Boundary(LISTENER, errors, observers, admission=self.admission)
        apps = {**self._catalog_apps(), "v1": self._v1_app(catalog)}
        names = answers_to(settings.host, settings.http_hosts)
        app = build_app(self._check, Boundary(LISTENER, errors, observers), apps, names)
        self._http = HttpServer(
            app, settings.host, settings.http_port, settings.http_proxies, settings.http_root_path
        )
        parts.callback(self._stop_http)
        self._flight = FlightServer(
            f"grpc://{_authority(settings.host)}:{settings.port}",
            self._services,
            catalog.registry,
            errors,
            observers,
            self.admission,
            settings.limits,
        )
        parts.callback(self._stop_flight)
        ports = (self._flight.port, self._http.port)
        guard = ConnectionGuard(ports, settings.max_connections, lambda: self.admission.peers)
        parts.callback(guard.close)

    def _catalog_apps(self) -> dict[str, FastAPI]:
        """Make the applications of the catalogs that may serve cohorts."""
        services = self._services
        return {
            each.name: build_catalog_app(each.name, services.cohorts, self._calls())
            for each in services.catalogs
            if each.may_serve_cohorts
        }

    def _v1_app(self, catalog: Catalog) -> FastAPI:
        return build_v1_app(Context(self._services, catalog, self._calls(), lambda: self._flight.port))

    def _calls(self) -> Calls:
        """Make what opens the calls of one application."""
        settings = self._settings
        return Calls(
            self._http_calls,
            settings.limits,
            settings.upload_idle,
            settings.upload_limit,
            settings.stall_limit,
        )

    def _build_services(
        self, own: OwnParts | None, catalog: Catalog, catalogs: Catalogs, disk: DiskGuard, parts: ExitStack
    ) -> Services:
        reader = CatalogReader(self._monitor, self._result_cache, self._settings.stall_limit)
        cohorts, tables = CohortService(catalogs, reader), CatalogTableService(catalogs, reader)
        if own is None:
            return Services(None, catalogs, cohorts, tables, HealthService(None, None, catalogs=catalogs))
        health = HealthService(own.database, own.blobs, own.witness, catalogs)
        return Services(self._own_data(own, catalog, disk, parts), catalogs, cohorts, tables, health)

    def _aside(self, database: ConnectionPool) -> WriteAside:
        """Make what frees the connections of slow readers."""
        has_waiters = partial(database.has_waiters, Lane.STREAM)
        return WriteAside(
            self._space, has_waiters, self._settings.stall_yield, self._settings.query_limit / 2
        )

    def _own_data(self, own: OwnParts, catalog: Catalog, disk: DiskGuard, parts: ExitStack) -> OwnData:
        settings, database, witness = self._settings, own.database, own.witness
        read = ReadService(
            database,
            catalog,
            self._monitor,
            self._result_cache,
            scan_connections=settings.read_parts or min(usable_cpus(), MAX_SCAN_CONNECTIONS),
            stall_limit=settings.stall_limit,
            aside=self._aside(database),
            witness=witness,
        )
        limits = AnswerLimits(settings.answer_plan_bytes, settings.answer_plans)
        files = _answer_files(settings, disk)
        parts.callback(files.close)
        return OwnData(
            read=read,
            write=WriteService(
                database,
                catalog.registry,
                self._monitor,
                allow_purge=settings.allow_purge,
                idle=settings.upload_idle,
                limit=settings.upload_limit,
                space=self._space,
                disk=disk,
                witness=witness,
                on_purge=partial(self._note_purges, files),
            ),
            register=RegisterService(database, self._monitor, disk),
            blobs=BlobService(own.blobs, database, self._monitor, disk),
            answers=AnswerService(read, database, self._monitor, files, limits, disk),
        )

    def _note_purges(self, files: AnswerFiles, purge_epoch: int) -> None:
        """Drop what was computed before a purge that has just been committed."""
        self._result_cache.note_purges(purge_epoch)
        files.note_purges(purge_epoch)

    @property
    def flight_url(self) -> str:
        """Where clients connect."""
        return f"grpc://{_authority(self._settings.host)}:{self._flight.port}"

    @property
    def http_url(self) -> str:
        """Where health is checked."""
        return f"http://{_authority(self._settings.host)}:{self._http.port}"

    def __enter__(self) -> Self:
        """Hand out the running server."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop it."""
        self.stop()

    def stop(self) -> None:
        """Stop in order: refuse new calls, let running ones end within the grace period, then cancel them."""
        self._ready.clear()
        self._parts.close()

    def _check(self, call: Call) -> Health:
        if not self._ready.is_set():
            msg = "The server is starting or shutting down."
            raise ServerUnavailable(msg)
        return self._services.health.check(call)

    def _stop_http(self) -> None:
        """Shut HTTP down; its calls have what Flight's have left of the grace period."""
        self._http.close(max(self._grace_ends - time.monotonic(), STOP_SECONDS))

    def _stop_flight(self) -> None:
        """Shut Flight down; its own shutdown waits for running calls without a limit."""
        self._grace_ends = time.monotonic() + self._settings.grace
        self._flight.boundary.drain()
        self._http_calls.drain()
        shutdown = threading.Thread(target=self._flight.shutdown, name="vxdata-shutdown", daemon=True)
        shutdown.start()
        shutdown.join(self._settings.grace)
        if shutdown.is_alive():
            self._result_cache.close()
            log.warning("grace_period_over", cancelled=self._monitor.cancel_all())
            shutdown.join(CANCEL_SECONDS)
        self.is_stuck = shutdown.is_alive()


def _cache_store(settings: Settings, disk: DiskGuard) -> CacheStore | None:
    """Open the store of the result cache; without one, the server runs and caches nothing."""
    if settings.cache_dir is None:
        return None
    try:
        if not settings.cache_bytes:
            remove_files(settings.cache_dir)
            return None
        return CacheStore(settings.cache_dir, settings.cache_bytes, disk)
    except (FolderInUse, OSError) as problem:
        log.warning("answers_not_kept", reason=str(problem))
        return None


def _answer_files(settings: Settings, disk: DiskGuard) -> AnswerFiles:
    folder = None if settings.cache_dir is None else settings.cache_dir / "answers"
    return AnswerFiles(folder, settings.answer_bytes, disk)


def _authority(host: str) -> str:
    return f"[{host}]" if ":" in host else host
