"""`/v1` itself: what there is below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from vxdata.server.listeners.http.docs_pages import DOCUMENT
from vxdata.server.listeners.http.v1.models import Answer
from vxdata.server.listeners.http.v1.replies import json_reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vxdata.server.call import Call
    from vxdata.server.listeners.http.responses import Reply
    from vxdata.server.listeners.http.v1.context import Context

PREFIX: Final = "v1"
"""First part of the paths."""


class PathInfo(Answer):
    """A path, and what a request for it gives."""

    method: str = Field(description="GET, HEAD or POST.")
    path: str = Field(description="The path; what stands in braces is to be filled in.")
    url: str | None = Field(None, description="Its address, if that is enough to ask.")
    summary: str = Field(description="What it gives.")


class IndexAnswer(Answer):
    """What there is."""

    title: str = Field(description="Name of the product.")
    version: str = Field(description="Its version.")
    document: str = Field(description="Address of the OpenAPI document.")
    pages: str = Field(description="Address of the pages that show it.")
    paths: list[PathInfo] = Field(description="Every path with each of its methods.")


def index_routes(context: Context) -> APIRouter:
    """Make the route.

    Args:
        context: What it works with.

    Returns:
        A router of it alone.
    """
    router = APIRouter(tags=["index"])

    @router.get("/", response_model=IndexAnswer)
    async def index(request: Request) -> Response:
        """List the paths, each with what it gives."""

        def run(_: bytes, __: Call) -> Reply:
            base = f"{str(request.base_url).rstrip('/')}/{PREFIX}"
            return json_reply(index_of(request.app.openapi(), base))

        return await context.calls.answer(request, "index", run)

    return router


def index_of(document: Mapping[str, Any], base: str) -> IndexAnswer:
    """List the paths of an OpenAPI document.

    Args:
        document: The document.
        base: Address that the paths begin at.

    Returns:
        The list.

    Example:
        >>> paths = {"/types": {"get": {"description": "List the types."}}}
        >>> found = index_of({"info": {"title": "VxData", "version": "1"}, "paths": paths}, "http://host/v1")
        >>> found.paths[0].url
        'http://host/v1/types'
    """
    return IndexAnswer(
        title=document["info"]["title"],
        version=document["info"]["version"],
        document=f"{base}/{DOCUMENT}",
        pages=f"{base}/docs",
        paths=[
            PathInfo(
                method=method.upper(),
                path=f"/{PREFIX}{path}",
                url=f"{base}{path}" if _is_whole(method, path, operation) else None,
                summary=operation["description"].partition("\n")[0],
            )
            for path, operations in document["paths"].items()
            for method, operation in operations.items()
        ],
    )


def _is_whole(method: str, path: str, operation: Mapping[str, Any]) -> bool:
    """Whether a link can ask it: nothing has to be filled in, stated, or sent."""
    needed = any(parameter.get("required") for parameter in operation.get("parameters", ()))
    return method == "get" and "{" not in path and not needed
