"""Pages that show the document of the API, from files of a package: no browser needs a network for them."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.responses import Response

# Addresses are relative to the page, so that it works behind any proxy.
DOCUMENT: Final = "openapi.json"
STATIC: Final = "static"

POLICY: Final = (
    "default-src 'none'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; connect-src 'self'; "
    "img-src 'self' data:; worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What a page may do: run its scripts, style itself as both viewers do, and ask this server."""

INLINE: Final = re.compile(rb"<script>(.*?)</script>", re.DOTALL)
"""A script that stands in a page."""


def add_pages(app: FastAPI) -> None:
    """Add Swagger UI as `/docs` and ReDoc as `/redoc`.

    Args:
        app: The application.
    """

    async def docs() -> Response:
        page = get_swagger_ui_html(
            openapi_url=DOCUMENT,
            title=app.title,
            swagger_js_url=f"{STATIC}/swagger-ui-bundle.js",
            swagger_css_url=f"{STATIC}/swagger-ui.css",
            swagger_favicon_url=f"{STATIC}/favicon.png",
        )
        return _confined(page)

    async def redoc() -> Response:
        page = get_redoc_html(
            openapi_url=DOCUMENT,
            title=app.title,
            redoc_js_url=f"{STATIC}/redoc.standalone.js",
            redoc_favicon_url=f"{STATIC}/favicon.png",
            with_google_fonts=False,
        )
        return _confined(page)

    app.add_api_route("/docs", docs, include_in_schema=False)
    app.add_api_route("/redoc", redoc, include_in_schema=False)
    app.mount(f"/{STATIC}", StaticFiles(directory=str(files("fastapi_offline") / "static")), STATIC)


def _confined(page: Response) -> Response:
    """Let a page do what it needs, and name the scripts that stand in it by their digests."""
    digests = (b64encode(sha256(script).digest()).decode() for script in INLINE.findall(page.body))
    scripts = " ".join(f"'sha256-{digest}'" for digest in digests)
    page.headers["Content-Security-Policy"] = POLICY.format(scripts=scripts)
    return page
