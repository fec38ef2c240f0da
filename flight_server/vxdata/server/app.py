"""A running server: what it opens, its services, its listeners; all of them started and stopped in order."""

from __future__ import annotations

import datetime as dt
import math
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, Self

import structlog

from vxdata.schemas.catalog import Catalog, default_catalog
from vxdata.schemas.catalog.registry import Registry
from vxdata.schemas.errors import ServerUnavailable
from vxdata.server.assembly import Assembly
from vxdata.server.audit import AuditLog
from vxdata.server.disk_guard import DiskGuard
from vxdata.server.identities.gate import Gate, no_signature_holds
from vxdata.server.identities.known_tokens import KnownTokens
from vxdata.server.identities.signed_addresses import SignedAddresses
from vxdata.server.identities.vouched import vouched_identities
from vxdata.server.listeners.admission import Admission
from vxdata.server.listeners.auditing import Auditing
from vxdata.server.listeners.boundary import Boundary
from vxdata.server.listeners.connections import ConnectionGuard
from vxdata.server.listeners.errors import ErrorReporter
from vxdata.server.listeners.fair_use import FairUse, Quotas
from vxdata.server.listeners.flight.server import FlightServer
from vxdata.server.listeners.http.app import LISTENER, build_app
from vxdata.server.listeners.http.body_room import BodyRoom
from vxdata.server.listeners.http.calls import Calls
from vxdata.server.listeners.http.cda.app import build_catalog_app
from vxdata.server.listeners.http.hosts import answers_to
from vxdata.server.listeners.http.server import STOP_SECONDS, HttpServer
from vxdata.server.listeners.http.v1.app import build_v1_app
from vxdata.server.listeners.http.v1.context import Context
from vxdata.server.listeners.http.v1.index import PREFIX
from vxdata.server.parts import OwnParts, SharedParts
from vxdata.server.tls.context import http_context
from vxdata.server.tls.endpoint import Endpoint
from vxdata.server.tls.starting import require_protection, tls_files

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from fastapi import FastAPI

    from vxdata.schemas.wire import Health
    from vxdata.server.call import Call
    from vxdata.server.config import Settings
    from vxdata.server.identities.authenticator import Authenticator
    from vxdata.server.listeners.admission import Guard
    from vxdata.server.listeners.boundary import Observer

CANCEL_SECONDS: Final = 10.0
"""Time that cancelled calls have to end."""

log = structlog.get_logger(__name__)


class Server:
    """A running server: the Flight listener, the HTTP listener and their parts.

    Args:
        settings: How to run; a database or catalogs must be set.
        catalog: What is served of VxData's own data; the installed payload types by default.
        observers: Called with the outcome of every call, for metrics.

    Raises:
        ServerUnavailable: PostgreSQL cannot be reached.
        SchemaMismatch: The database is not that of this version.
        TlsProblem: A file of TLS cannot be used, or other machines would reach the server without protection.
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
        unprotected = require_protection(settings)
        self._tls = tls_files(settings)
        self._ready = threading.Event()
        self._grace_ends = -math.inf
        self.is_stuck = False
        with ExitStack() as parts:
            self.audit = _audit_log(settings)
            if self.audit is not None:
                parts.callback(self.audit.close)
            self._auditing = Auditing(self.audit)
            guards = (self._auditing.require, *_fair_use(settings))
            self.admission = Admission(settings.max_calls, settings.max_calls_each, guards)
            disk = DiskGuard(settings.free_space_dir, settings.free_space_bytes)
            own = OwnParts.open(settings, catalog, disk, parts) if has_own else None
            self._shared = SharedParts.open(settings, disk, parts)
            assembly = Assembly(settings, self._shared, self.audit, parts)
            self._services = assembly.services(own, catalog, unprotected)
            self._services.catalogs.start()
            self._listen(parts, own, catalog, observers)
            self._parts = parts.pop_all()
        self._ready.set()

    def _listen(
        self, parts: ExitStack, own: OwnParts | None, catalog: Catalog, observers: Sequence[Observer]
    ) -> None:
        """Start HTTP before Flight, so that health is answered before the first call and after the last."""
        settings, errors = self._settings, ErrorReporter()
        gate = self._gate(own, parts)
        observers = [*observers, self._auditing.observe]
        self._bodies = BodyRoom(settings.limits.message_bytes)
        self._http_calls = Boundary(LISTENER, errors, gate, observers, admission=self.admission)
        apps = {**self._catalog_apps(), PREFIX: self._v1_app(catalog)}
        names = answers_to(settings.host, settings.http_hosts)
        app = build_app(self._check, Boundary(LISTENER, errors, gate, observers), apps, names)
        self._http = HttpServer(
            app,
            settings.host,
            settings.http_port,
            settings.http_proxies,
            settings.http_root_path,
            None if self._tls is None else http_context(self._tls),
        )
        parts.callback(self._stop_http)
        self._flight = FlightServer(
            self._endpoint(settings.port),
            self._services,
            catalog.registry,
            errors,
            gate,
            observers,
            self.admission,
            settings.limits,
        )
        parts.callback(self._stop_flight)
        ports = (self._flight.port, self._http.port)
        guard = ConnectionGuard(ports, settings.max_connections, lambda: self.admission.peers)
        parts.callback(guard.close)

    def _gate(self, own: OwnParts | None, parts: ExitStack) -> Gate:
        """Build the gate, with an authenticator for each kind of credentials that the settings allow."""
        require = no_signature_holds if own is None else own.signatures.require
        if self._settings.authentication == "off":
            return Gate((), is_required=False, require_signature=require)
        authenticators: list[Authenticator] = []
        if own is not None:
            tokens = KnownTokens(own.database, self._shared.monitor)
            parts.callback(tokens.close)
            authenticators += [tokens, SignedAddresses(tokens)]
        authenticators += vouched_identities(self._settings, dt.datetime.now(dt.UTC))
        if not authenticators:
            msg = (
                "Callers must say who they are, but this server knows nobody: tokens lie in VxData's own "
                "database, and none is configured. Set VXDATA_DATABASE_URI, VXDATA_OIDC_ISSUER, or "
                "VXDATA_CERTIFICATE_ROLES; or VXDATA_AUTHENTICATION=off."
            )
            raise ServerUnavailable(msg)
        return Gate(authenticators, is_required=True, require_signature=require)

    def _catalog_apps(self) -> dict[str, FastAPI]:
        """Make the applications of the catalogs that may serve cohorts."""
        services = self._services
        return {
            each.name: build_catalog_app(each.name, services.cohorts, self._calls("{catalog}"))
            for each in services.catalogs
            if each.may_serve_cohorts
        }

    def _v1_app(self, catalog: Catalog) -> FastAPI:
        return build_v1_app(
            Context(
                self._services,
                catalog,
                self._calls(PREFIX),
                lambda: self._flight.port,
                self._endpoint(0).flight_scheme,
            )
        )

    def _calls(self, mount: str) -> Calls:
        """Build the `Calls` of one HTTP application."""
        settings = self._settings
        return Calls(
            self._http_calls,
            mount,
            settings.limits,
            settings.upload_idle,
            settings.upload_limit,
            settings.stall_limit,
            self._bodies,
        )

    @property
    def flight_port(self) -> int:
        """The port of Flight."""
        return int(self._flight.port)

    @property
    def flight_url(self) -> str:
        """Where clients connect."""
        return self._endpoint(self._flight.port).flight_url

    @property
    def http_url(self) -> str:
        """Where health is checked."""
        return self._endpoint(self._http.port).http_url

    def _endpoint(self, port: int) -> Endpoint:
        return Endpoint(self._settings.host, port, self._tls)

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
        if self.audit is not None:
            self.audit.require()
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
            log.warning("grace_period_over", cancelled=self._shared.cancel_all())
            shutdown.join(CANCEL_SECONDS)
        self.is_stuck = shutdown.is_alive()


def _fair_use(settings: Settings) -> Sequence[Guard]:
    """Return the guard that enforces the quotas, if any are set."""
    quotas = Quotas(settings.rate_calls, settings.daily_rows, settings.daily_bytes)
    return () if quotas == Quotas() else (FairUse(quotas).enter,)


def _audit_log(settings: Settings) -> AuditLog | None:
    if settings.audit_dir is None:
        return None
    return AuditLog(
        settings.audit_dir, settings.audit_bytes, settings.audit_days, is_required=settings.audit_required
    )
