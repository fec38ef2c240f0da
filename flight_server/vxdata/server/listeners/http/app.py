"""The HTTP application: health checks for whatever keeps the server running, and what is served beside them.

gRPC's own health service cannot be added to a pyarrow server, so liveness and readiness are plain HTTP:
`/livez` answers while the process does, `/readyz` while it can take calls; details are for callers who say
who they are. Below `/v1`, and below the name of each catalog that a caller sees, lies an application of its
own.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route, Router

from vxdata.schemas.errors import NotAuthenticated
from vxdata.server.listeners.boundary import Boundary, CallFailed
from vxdata.server.listeners.http.calls import presented_by
from vxdata.server.listeners.http.catalog_paths import CatalogPaths
from vxdata.server.listeners.http.cda import errors as cda_errors
from vxdata.server.listeners.http.headers import NOSNIFF, WithHeaders
from vxdata.server.listeners.http.hosts import KnownHosts
from vxdata.server.listeners.http.page.app import page_routes
from vxdata.server.listeners.http.small_pages import asks_for_html, not_found_page, sign_in_page
from vxdata.server.listeners.http.status import error_headers, http_status
from vxdata.server.listeners.http.v1 import errors as v1_errors
from vxdata.server.listeners.http.v1.index import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Receive, Scope, Send

    from vxdata.schemas.wire import Health
    from vxdata.server.call import Call
    from vxdata.server.identities.gate import Identified

LISTENER: Final = "http"

NOT_READY: Final = 503
"""Status of a server that cannot take calls, whatever the reason."""


def build_app(
    check: Callable[[Call], Health],
    boundary: Boundary,
    apps: Mapping[str, ASGIApp] | None = None,
    answers_to: Callable[[str], bool] = lambda _: True,
) -> Starlette:
    """Make the application.

    Args:
        check: Answers, or raises when the server cannot take calls.
        boundary: What every call passes.
        apps: Further applications, by the first part of their paths.
        answers_to: Tells of a `Host` header whether the server answers to that name.

    Returns:
        An ASGI application with `/livez`, `/readyz` and the query page, and the others below their names.
    """

    def checked(caller: Identified) -> Health:
        with boundary.call("readyz", _stays, caller=caller, door="GET /readyz") as opened:
            return check(opened.call)

    async def livez(_: Request) -> Response:
        with boundary.call("livez", _stays, door="GET /livez"):
            return JSONResponse({"status": "ok"})

    async def readyz(request: Request) -> Response:
        caller = await run_in_threadpool(boundary.gate.identify, presented_by(request))
        may_know = caller.principal is not None
        try:
            health = await run_in_threadpool(checked, caller)
        except CallFailed as failed:
            body: dict[str, Any] = {"status": "unavailable", "code": failed.error.code}
            if may_know and "down" in failed.error.details:
                body["down"] = failed.error.details["down"]
            return JSONResponse(body, NOT_READY)
        return JSONResponse(health.model_dump(mode="json") if may_know else {"status": health.status})

    routes: list[BaseRoute] = [Route("/livez", livez), Route("/readyz", readyz), *page_routes()]
    catalogs = dict(apps or {})
    if PREFIX in catalogs:
        mount = Mount(f"/{PREFIX}", catalogs.pop(PREFIX))
        routes += [Route(f"/{PREFIX}", _WithSlash(mount)), mount]
    handlers = {CallFailed: _failure, HTTPException: _refused}
    middleware = [Middleware(WithHeaders, headers=NOSNIFF), Middleware(KnownHosts, allowed=answers_to)]
    app = Starlette(routes=routes, middleware=middleware, exception_handlers=handlers)
    app.router.default = CatalogPaths(catalogs, boundary)
    return app


class _WithSlash:
    """Makes an application answer at its bare name, as if a slash followed.

    Args:
        mount: The application at its name.
    """

    def __init__(self, mount: Mount) -> None:
        self._router = Router([mount])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._router({**scope, "path": f"{scope['path']}/"}, receive, send)


def _stays() -> bool:
    """Return false: a health check is too short to be cancelled."""
    return False


async def _refused(request: Request, error: Exception) -> Response:
    """Show what leads to no application, such as a path with a line break: Starlette has no route for it."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it alone
    path: str = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    if path.startswith(f"/{PREFIX}/"):
        return await v1_errors.refused(request, error)
    if error.status_code == HTTPStatus.NOT_FOUND and asks_for_html(request):
        return not_found_page(request)
    return await cda_errors.refused(request, error)


async def _failure(request: Request, failed: Exception) -> Response:
    """Show the error of a call that has failed, as Flight shows it too; people are asked to sign in."""
    assert isinstance(failed, CallFailed)  # noqa: S101 - registered for it alone
    if isinstance(failed.error, NotAuthenticated) and asks_for_html(request):
        return sign_in_page(request)
    status, headers = http_status(failed.error), error_headers(failed.error)
    return JSONResponse(failed.wire.model_dump(mode="json"), status, headers)
