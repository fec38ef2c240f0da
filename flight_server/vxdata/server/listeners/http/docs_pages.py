"""Pages that show the document of the API, from files of a package: no browser needs a network for them."""

from __future__ import annotations

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


def add_pages(app: FastAPI) -> None:
    """Add Swagger UI as `/docs` and ReDoc as `/redoc`.

    Args:
        app: The application.
    """

    async def docs() -> Response:
        return get_swagger_ui_html(
            openapi_url=DOCUMENT,
            title=app.title,
            swagger_js_url=f"{STATIC}/swagger-ui-bundle.js",
            swagger_css_url=f"{STATIC}/swagger-ui.css",
            swagger_favicon_url=f"{STATIC}/favicon.png",
        )

    async def redoc() -> Response:
        return get_redoc_html(
            openapi_url=DOCUMENT,
            title=app.title,
            redoc_js_url=f"{STATIC}/redoc.standalone.js",
            redoc_favicon_url=f"{STATIC}/favicon.png",
            with_google_fonts=False,
        )

    app.add_api_route("/docs", docs, include_in_schema=False)
    app.add_api_route("/redoc", redoc, include_in_schema=False)
    app.mount(f"/{STATIC}", StaticFiles(directory=str(files("fastapi_offline") / "static")), STATIC)
