"""Serves the query page: one document and the files that it names, with the headers that confine it."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from vxdata.server.listeners.http.headers import WeakETags, WithHeaders
from vxdata.server.listeners.http.redirects import redirect
from vxdata.server.listeners.http.small_pages import ON_ACCEPT, asks_for_html, not_found_page
from vxdata.server.listeners.http.v1.errors import refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

PATH: Final = "query"

STATIC: Final = Path(__file__).parent / "static"

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What the page may do: run and ask for what this server gives, and nothing else."""

HEADERS: Final = {
    "Cache-Control": "no-cache",  # files are small and have ETags; a new version is seen at once
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",  # the state of the page, in its address, may name patients
    "Vary": "Accept-Encoding",
}


def page_routes() -> Sequence[BaseRoute]:
    """Make the routes of the page.

    Returns:
        `/query`, the files below it, and `/`, which leads there.
    """
    files = StaticFiles(directory=STATIC)

    async def document(request: Request) -> Response:
        return await files.get_response("index.html", request.scope)

    below = _confined(Route("/", _without_slash), Mount("/static", files))
    return (
        Route("/", _to_page),
        Route(f"/{PATH}", _confined(Route(f"/{PATH}", document)), methods=["GET", "HEAD"]),
        Mount(f"/{PATH}", below),
    )


def _confined(*routes: BaseRoute) -> Starlette:
    """Make an application of files, whose responses have the headers and may be compressed."""
    middleware = [
        Middleware(WithHeaders, headers=HEADERS),
        Middleware(WeakETags),  # the bytes depend on the compression
        Middleware(GZipMiddleware),
    ]
    handlers: dict[Any, Any] = {HTTPException: _refused}
    return Starlette(routes=routes, middleware=middleware, exception_handlers=handlers)


async def _refused(request: Request, error: Exception) -> Response:
    """Say that there is no such file, as a page where one is asked for, else as JSON."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it alone
    if error.status_code == HTTPStatus.NOT_FOUND and asks_for_html(request):
        return not_found_page(request)
    response = await refused(request, error)
    response.headers.update(ON_ACCEPT)
    return response


async def _to_page(request: Request) -> Response:
    return redirect(request, PATH)


async def _without_slash(request: Request) -> Response:
    return redirect(request, f"../{PATH}")
