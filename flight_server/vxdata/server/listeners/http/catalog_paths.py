"""Paths of catalogs: the application of a catalog exists only for callers who may see the catalog.

Every path that is not one of the server's own comes here, whether there is a catalog of that name or not.
Unknown callers are asked to authenticate, and callers who may not see the catalog get the answer for a path
that does not exist. So nobody can find out which catalogs there are by trying names.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import anyio
import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Mount
from starlette.websockets import WebSocketClose

from vxdata.schemas.errors import UnknownCatalog
from vxdata.server.listeners.boundary import CallFailed
from vxdata.server.listeners.http.calls import CALLER, peer_of, presented_by
from vxdata.server.listeners.http.redirects import redirect
from vxdata.server.listeners.http.threads import THREADS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from vxdata.server.identities.gate import Identified
    from vxdata.server.listeners.boundary import Boundary

DOOR: Final = "GET /{catalog}"
"""The door of all these paths; the operations of a catalog have doors of their own."""


class CatalogPaths:
    """Leads requests to the applications of catalogs.

    Args:
        apps: The applications, by the names of their catalogs.
        boundary: What every call passes.

    Attributes:
        routes: The applications as routes, for those who list them.
    """

    def __init__(self, apps: Mapping[str, ASGIApp], boundary: Boundary) -> None:
        """Keep them below their names."""
        self._mounts = {name: Mount(f"/{name}", app) for name, app in apps.items()}
        self._boundary = boundary
        self._gatekeepers = anyio.CapacityLimiter(THREADS)
        self.routes = list(self._mounts.values())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request.

        Raises:
            CallFailed: The caller is not known.
            HTTPException: Its path leads to nothing that the caller sees.
        """
        if scope["type"] != "http":
            await WebSocketClose()(scope, receive, send)
            return
        request = Request(scope)
        name, slash, _ = _path_of(scope).removeprefix("/").partition("/")
        caller = await anyio.to_thread.run_sync(self._admitted, request, name, limiter=self._gatekeepers)
        mount = None if caller is None else self._mounts.get(name)
        if mount is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        if not slash:
            await redirect(request, f"{name}/")(scope, receive, send)
            return
        _, below = mount.matches(scope)
        await mount.handle({**scope, **below, CALLER: caller}, receive, send)

    def _admitted(self, request: Request, name: str) -> Identified | None:
        """Find out who calls; None for those whose grants show no catalog of this name, if there is one."""
        caller = self._boundary.gate.identify(presented_by(request))
        called = self._boundary.call("catalog", _stays, caller=caller, door=DOOR, peer=peer_of(request))
        try:
            with called as opened:
                if not opened.call.principal.grants.shows_catalog(name):
                    raise UnknownCatalog("No catalog has this name.")  # the audit records it
        except CallFailed as failed:
            if isinstance(failed.error, UnknownCatalog):
                return None
            raise
        return caller


def _path_of(scope: Scope) -> str:
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def _stays() -> bool:
    """Return false: to find out who calls is too short to be cancelled."""
    return False
