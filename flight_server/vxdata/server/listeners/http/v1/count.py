"""`/v1/count`: how many rows a question finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import Response

from vxdata.schemas.binding import bind
from vxdata.server.listeners.http.document import body_of
from vxdata.server.listeners.http.v1.bodies import read_body
from vxdata.server.listeners.http.v1.models import CountAnswer
from vxdata.server.listeners.http.v1.questions import Question, plan_of
from vxdata.server.listeners.http.v1.replies import Asked, Freshness, json_reply, reply_unless_known
from vxdata.server.services import count as counts

if TYPE_CHECKING:
    from vxdata.server.call import Call
    from vxdata.server.listeners.http.responses import Reply
    from vxdata.server.listeners.http.v1.context import Context


def count_routes(context: Context) -> APIRouter:
    """Make the route.

    Args:
        context: What it works with.

    Returns:
        A router of it alone.
    """
    router = APIRouter(tags=["query"])

    @router.post("/count", response_model=CountAnswer, openapi_extra=body_of(Question))
    async def count(request: Request) -> Response:
        """Count the rows that a question finds."""
        known = request.headers.get("if-none-match")

        def run(content: bytes, call: Call) -> Reply:
            catalog = context.catalog(call)
            plan = plan_of(read_body(Question, content), catalog)
            bind(plan, catalog)  # what the count leaves out must be right, too
            counting = counts.count(context.services.read, plan, call)

            def answer(fresh: Freshness) -> Reply:
                return json_reply(CountAnswer(count=counting.rows(), snapshot=fresh.snapshot), fresh.headers)

            return reply_unless_known(Asked(plan, "count", known), counting.result, answer)

        return await context.calls.answer(request, "count", run)

    return router
