"""The HTTP application: health checks for whatever keeps the server running, and what is served beside them.

gRPC's own health service cannot be added to a pyarrow server, so liveness and readiness are plain
HTTP: `/livez` answers while the process does, `/readyz` while it can take calls. Below `/v1`, and below the
name of each catalog, lies an application of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from vxdata.server.listeners.boundary import Boundary, CallFailed
from vxdata.server.listeners.http.cda import errors as cda_errors
from vxdata.server.listeners.http.hosts import KnownHosts
from vxdata.server.listeners.http.page.app import page_routes
from vxdata.server.listeners.http.status import http_status
from vxdata.server.listeners.http.v1 import errors as v1_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp

    from vxdata.schemas.wire import Health
    from vxdata.server.call import Call

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

    def checked() -> Health:
        with boundary.call("readyz", _stays) as opened:
            return check(opened.call)

    async def livez(_: Request) -> Response:
        with boundary.call("livez", _stays):
            return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> Response:
        try:
            health = await run_in_threadpool(checked)
        except CallFailed as failed:
            body: dict[str, Any] = {"status": "unavailable", "code": failed.error.code}
            if "down" in failed.error.details:
                body["down"] = failed.error.details["down"]
            return JSONResponse(body, NOT_READY)
        return JSONResponse(health.model_dump(mode="json"))

    routes: list[BaseRoute] = [Route("/livez", livez), Route("/readyz", readyz), *page_routes()]
    routes += [Mount(f"/{name}", app) for name, app in (apps or {}).items()]
    handlers = {CallFailed: _failure, HTTPException: _refused}
    known = Middleware(KnownHosts, allowed=answers_to)
    return Starlette(routes=routes, middleware=[known], exception_handlers=handlers)


def _stays() -> bool:
    """Return false: a health check is too short to be cancelled."""
    return False


async def _refused(request: Request, error: Exception) -> Response:
    """Show what leads to no application, such as a path with a line break: Starlette has no route for it."""
    path: str = request.scope["path"]
    if path.removeprefix(request.scope.get("root_path", "")).startswith("/v1/"):
        return await v1_errors.refused(request, error)
    return await cda_errors.refused(request, error)


async def _failure(_: Request, failed: Exception) -> Response:
    """Show the error of a call that has failed, as it travels over Flight too."""
    assert isinstance(failed, CallFailed)  # noqa: S101 - registered for it alone
    return JSONResponse(failed.wire.model_dump(mode="json"), http_status(failed.error))
