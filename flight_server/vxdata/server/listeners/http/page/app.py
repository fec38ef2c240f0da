"""Serves the query page: one document and the files that it names, with the headers that confine it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
    "X-Content-Type-Options": "nosniff",
}


def page_routes() -> Sequence[BaseRoute]:
    """Make the routes of the page.

    Returns:
        `/query`, the files below it, and `/`, which leads there.
    """
    below = Starlette(
        routes=[
            Route("/", _without_slash),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[Middleware(_WithHeaders), Middleware(GZipMiddleware)],
    )
    document = Starlette(
        routes=[Route(f"/{PATH}", _document)],
        middleware=[Middleware(_WithHeaders), Middleware(GZipMiddleware)],
    )
    return (
        Route("/", _to_page),
        Route(f"/{PATH}", document, methods=["GET", "HEAD"]),
        Mount(f"/{PATH}", below),
    )


async def _document(_: Request) -> Response:
    return FileResponse(STATIC / "index.html")


# Addresses are relative, so that the page works behind any proxy.
async def _to_page(_: Request) -> Response:
    return RedirectResponse(PATH)


async def _without_slash(_: Request) -> Response:
    return RedirectResponse(f"../{PATH}")


class _WithHeaders:
    """Adds the headers to every response.

    Args:
        app: The application that responds.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_ENCODED]
            await send(message)

        await self._app(scope, receive, with_headers)


_ENCODED: Final = tuple((name.lower().encode(), value.encode()) for name, value in HEADERS.items())
