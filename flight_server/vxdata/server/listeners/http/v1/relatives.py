"""Around one resource: its children and its ancestors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from vxdata.server.listeners.http.v1.about import answer_about
from vxdata.server.listeners.http.v1.instants import AsOf
from vxdata.server.listeners.http.v1.parameters import PageLimit, TypeName
from vxdata.server.listeners.http.v1.pinned_replies import json_value
from vxdata.server.listeners.http.v1.relative_models import ChildrenAnswer, LineageAnswer
from vxdata.server.listeners.http.v1.resources import Identifier
from vxdata.server.services import resources as found

if TYPE_CHECKING:
    from vxdata.server.listeners.http.v1.about import Subject
    from vxdata.server.listeners.http.v1.context import Context

After = Annotated[str | None, Query(description="`next` of the page before.")]


def relative_routes(context: Context) -> APIRouter:
    """Make the routes.

    Args:
        context: What they work with.

    Returns:
        A router of them.
    """
    router = APIRouter(tags=["resources"])

    @router.get("/children/{identifier:path}", response_model=ChildrenAnswer)
    async def children(
        request: Request,
        identifier: Identifier,
        type_name: TypeName = None,
        limit: PageLimit = 100,
        after: After = None,
        as_of: AsOf = None,
    ) -> Response:
        """List the immediate children of a resource, page by page."""

        def make(subject: Subject) -> ChildrenAnswer:
            wanted = found.Page(type_name, limit, after)
            catalog = context.catalog(subject.reads.call)
            page = found.children(subject.reads, catalog, subject.identifier, wanted)
            rows = json_value(page.rows)
            return ChildrenAnswer(
                snapshot=subject.snapshot, children=rows, counts=page.counts, next=page.next
            )

        return await answer_about(context, request, identifier, as_of, make)

    @router.get("/lineage/{identifier:path}", response_model=LineageAnswer)
    async def lineage(request: Request, identifier: Identifier, as_of: AsOf = None) -> Response:
        """List the ancestors of a resource, the nearest first."""

        def make(subject: Subject) -> LineageAnswer:
            ancestors = found.lineage(subject.reads, subject.identifier)
            return LineageAnswer(snapshot=subject.snapshot, ancestors=json_value(ancestors))

        return await answer_about(context, request, identifier, as_of, make)

    return router
