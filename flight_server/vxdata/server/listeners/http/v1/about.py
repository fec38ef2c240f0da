"""Answers about one resource: the identifier is read, and all plans read at one instant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vxdata.schemas.identifiers import normalise
from vxdata.server.listeners.http.v1.instants import read_instant
from vxdata.server.listeners.http.v1.pinned_replies import pinned_reply
from vxdata.server.listeners.http.v1.replies import Asked
from vxdata.server.services.resources import resource_plan

if TYPE_CHECKING:
    from fastapi import Request
    from pydantic import BaseModel
    from starlette.responses import Response

    from vxdata.schemas.plan import Plan
    from vxdata.server.call import Call
    from vxdata.server.listeners.http.responses import Reply
    from vxdata.server.listeners.http.v1.context import Context
    from vxdata.server.listeners.http.v1.snapshots import Snapshot
    from vxdata.server.services.pinned import PinnedReads


@dataclass(frozen=True)
class Subject:
    """The resource that an answer is about.

    Args:
        identifier: Its full identifier.
        reads: Reads at the instant of the answer.
        snapshot: That instant.
    """

    identifier: str
    reads: PinnedReads
    snapshot: Snapshot


def plan_of_resource(context: Context, identifier: str, as_of: str | None, call: Call) -> tuple[str, Plan]:
    """Read which resource a request is about.

    Args:
        context: What the route works with.
        identifier: The resource, as the request names it.
        as_of: The instant that it states.
        call: The call.

    Returns:
        The full identifier, and the plan that reads the resource.

    Raises:
        InvalidRequest: The identifier or the instant is malformed.
    """
    catalog = context.catalog(call)
    full = normalise(catalog.registry, identifier)
    return full, resource_plan(catalog, full, read_instant(as_of))


async def answer_about(
    context: Context,
    request: Request,
    identifier: str,
    as_of: str | None,
    make: Callable[[Subject], BaseModel],
) -> Response:
    """Answer a request about one resource.

    Args:
        context: What the route works with.
        request: The request, whose parameters the answer depends on.
        identifier: The resource.
        as_of: The instant that it states.
        make: Makes the content.

    Returns:
        The response.

    Raises:
        CallFailed: The identifier is malformed, or the content cannot be made.
    """
    operation, parameters = request.scope["route"].name, request.url.query
    known = request.headers.get("if-none-match")

    def run(_: bytes, call: Call) -> Reply:
        full, plan = plan_of_resource(context, identifier, as_of, call)
        asked = Asked(plan, f"{operation}?{parameters}", known)
        return pinned_reply(
            context.services.read, asked, call, lambda reads, snapshot: make(Subject(full, reads, snapshot))
        )

    return await context.calls.answer(request, operation, run)
