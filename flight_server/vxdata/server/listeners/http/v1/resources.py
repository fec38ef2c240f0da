"""`/v1/resources`: one resource, as it is or was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import Field
from starlette.responses import Response

from vxdata.server.listeners.http.v1.about import plan_of_resource
from vxdata.server.listeners.http.v1.instants import AsOf
from vxdata.server.listeners.http.v1.models import Answer
from vxdata.server.listeners.http.v1.replies import Asked
from vxdata.server.listeners.http.v1.rows import json_rows, object_reply
from vxdata.server.listeners.http.v1.snapshots import Snapshot
from vxdata.server.services.resources import require_found

if TYPE_CHECKING:
    import pyarrow as pa

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
        known = request.headers.get("if-none-match")

        def run(_: bytes, call: Call) -> Reply:
            full, plan = plan_of_resource(context, identifier, as_of, call)

            def make(rows: pa.Table) -> dict[str, object]:
                require_found(rows, full)
                return {"resource": json_rows(rows)[0]}

            return object_reply(context.services.read, Asked(plan, "resource", known), call, make)

        return await context.calls.answer(request, "resource", run)

    return router
