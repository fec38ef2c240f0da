"""Parameters that several routes of `/v1` take, and none that a route does not take."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query, Request

from vxdata.schemas.errors import UnknownParameter

MAX_PAGE: Final = 1_000
"""Most entries of a page."""

PageLimit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="Most entries of the page.")]
TypeName = Annotated[str | None, Query(alias="type", description="A resource type; all without it.")]


async def refuse_unknown(request: Request) -> None:
    """Refuse parameters that the document of the API does not have: a misspelled one would change the answer.

    Args:
        request: A request, whose route is known.

    Raises:
        UnknownParameter: It names others than the route takes.
    """
    route = request.scope["route"]
    operation = request.app.openapi()["paths"].get(route.path_format, {}).get(request.method.lower())
    if operation is None:  # a page beside the API
        return
    known = [each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"]
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        path = f"{request.method} {request.scope['root_path']}{route.path_format}"
        raise UnknownParameter.from_names(path, unknown, known)
