"""`/v1/resources`: one resource, as it is or was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import Field
from starlette.responses import Response

from vxdata.schemas.errors import ResourceNotFound
from vxdata.schemas.identifiers import normalise
from vxdata.server.listeners.http.v1.instants import AsOf, read_instant
from vxdata.server.listeners.http.v1.models import Answer
from vxdata.server.listeners.http.v1.rows import object_reply, read_rows
from vxdata.server.listeners.http.v1.snapshots import Snapshot
from vxdata.server.services.resources import resource_plan

if TYPE_CHECKING:
    from vxdata.server.call import Call
    from vxdata.server.listeners.http.responses import Reply
    from vxdata.server.listeners.http.v1.context import Context

Identifier = Annotated[str, Path(description="Such as volume/1.2.840; its slashes stand as they are.")]


class ResourceAnswer(Answer):
    """One resource."""

    snapshot: Snapshot = Field(description="The state that it is shown in.")
    resource: dict[str, Any] = Field(description="Every field of its type; null where it has no value.")


def resource_routes(context: Context) -> APIRouter:
    """Make the route.

    Args:
        context: What it works with.

    Returns:
        A router of it alone.
    """
    router = APIRouter(tags=["resources"])

    @router.get("/resources/{identifier:path}", response_model=ResourceAnswer)
    async def resource(request: Request, identifier: Identifier, as_of: AsOf = None) -> Response:
        """Give one resource, in the version that is current, or was at an instant."""

        def run(_: bytes, call: Call) -> Reply:
            name = normalise(context.catalog.registry, identifier)
            rows = read_rows(context, resource_plan(context.catalog, name, read_instant(as_of)), call)
            if not rows.table.num_rows:
                raise ResourceNotFound.from_identifiers([name])
            return object_reply({"resource": rows.as_json()[1:-1]}, rows.fresh)

        return await context.calls.answer(request, "resource", run)

    return router
