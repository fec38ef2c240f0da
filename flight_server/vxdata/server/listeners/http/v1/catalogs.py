"""Identifiers to choose from, and the catalogs beside VxData's own data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from vxdata.schemas.catalog.builtin import RESOURCE
from vxdata.schemas.plan import Plan
from vxdata.schemas.wire import CatalogDescription, CatalogList
from vxdata.server.listeners.http.v1.instants import AsOf, read_instant
from vxdata.server.listeners.http.v1.parameters import PageLimit, TypeName
from vxdata.server.listeners.http.v1.pinned_replies import pinned_reply
from vxdata.server.listeners.http.v1.relative_models import IdentifiersAnswer
from vxdata.server.listeners.http.v1.replies import UNKEPT, Asked, json_reply
from vxdata.server.services.catalog_info import description_of, info_of
from vxdata.server.services.identifiers import identifiers_like

if TYPE_CHECKING:
    from vxdata.server.call import Call
    from vxdata.server.listeners.http.responses import Reply
    from vxdata.server.listeners.http.v1.context import Context
    from vxdata.server.listeners.http.v1.snapshots import Snapshot
    from vxdata.server.services.pinned import PinnedReads


def identifier_routes(context: Context) -> APIRouter:
    """Make the route of identifiers.

    Args:
        context: What it works with.

    Returns:
        A router of it alone.
    """
    router = APIRouter(tags=["resources"])

    @router.get("/identifiers", response_model=IdentifiersAnswer)
    async def identifiers(
        request: Request,
        type_name: TypeName = None,
        begins: Annotated[
            str, Query(max_length=256, description="How they begin; with a type, the prefix can be left out.")
        ] = "",
        limit: PageLimit = 20,
        as_of: AsOf = None,
    ) -> Response:
        """Find live resources by how their identifiers begin."""

        def make(reads: PinnedReads, snapshot: Snapshot) -> IdentifiersAnswer:
            names = identifiers_like(reads, context.catalog(reads.call), type_name, begins, limit)
            return IdentifiersAnswer(snapshot=snapshot, identifiers=names)

        def run(_: bytes, call: Call) -> Reply:
            relation = context.catalog(call).relation(type_name or RESOURCE).name
            plan = Plan(relation=relation, as_of=read_instant(as_of))
            form = f"identifiers {limit} {begins}"
            asked = Asked(plan, form, request.headers.get("if-none-match"))
            return pinned_reply(context.services.read, asked, call, make)

        return await context.calls.answer(request, "identifiers", run)

    return router


def catalog_routes(context: Context) -> APIRouter:
    """Make the routes of other catalogs, which a server without own data has, too.

    Args:
        context: What they work with.

    Returns:
        A router of them.
    """
    router = APIRouter(tags=["catalogs"])

    @router.get("/catalogs", response_model=CatalogList)
    async def catalogs(request: Request) -> Response:
        """List the catalogs of databases that VxData did not design."""

        def run(_: bytes, call: Call) -> Reply:
            seen = context.services.catalogs.seen_by(call.principal.grants)
            listed = CatalogList(catalogs=tuple(map(info_of, seen)))
            return json_reply(listed, {"Cache-Control": UNKEPT})

        return await context.calls.answer(request, "catalogs", run)

    @router.get("/catalogs/{name}", response_model=CatalogDescription)
    async def catalog(request: Request, name: str) -> Response:
        """Describe a catalog: its tables, and the columns that cohorts name."""

        def run(_: bytes, call: Call) -> Reply:
            seen = context.services.catalogs.seen_by(call.principal.grants)
            described = description_of(seen[name].loaded)
            return json_reply(described, {"Cache-Control": UNKEPT})

        return await context.calls.answer(request, "catalog", run)

    return router
