"""`/v1/facets`: how the values of fields are distributed among the rows of a question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import Response

from vxdata.server.listeners.http.document import body_of
from vxdata.server.listeners.http.v1.bodies import read_body
from vxdata.server.listeners.http.v1.facet_models import (
    Bar,
    FacetAnswer,
    FacetRequest,
    FacetsAnswer,
    ValueCount,
    YearCount,
)
from vxdata.server.listeners.http.v1.pinned_replies import json_value, pinned_reply
from vxdata.server.listeners.http.v1.questions import plan_of
from vxdata.server.listeners.http.v1.replies import Asked
from vxdata.server.services.facet_plans import COUNT, rows_of_question
from vxdata.server.services.facets import Detail, Facet, facets

if TYPE_CHECKING:
    from vxdata.server.call import Call
    from vxdata.server.listeners.http.responses import Reply
    from vxdata.server.listeners.http.v1.context import Context
    from vxdata.server.listeners.http.v1.snapshots import Snapshot
    from vxdata.server.services.pinned import PinnedReads


def facet_routes(context: Context) -> APIRouter:
    """Make the route.

    Args:
        context: What it works with.

    Returns:
        A router of it alone.
    """
    router = APIRouter(tags=["query"])

    @router.post("/facets", name="facets", response_model=FacetsAnswer, openapi_extra=body_of(FacetRequest))
    async def find_facets(request: Request) -> Response:
        """Tell how the values of fields are distributed among the rows of a question."""
        known = request.headers.get("if-none-match")

        def run(content: bytes, call: Call) -> Reply:
            asked = read_body(FacetRequest, content)
            catalog = context.catalog(call)
            plan = plan_of(asked.question, catalog)
            names = tuple(dict.fromkeys(asked.fields))
            relation = catalog.relation(plan.relation)
            fields = (relation.with_history() if plan.history else relation).resolve(names)
            detail = Detail(asked.top, asked.bins)

            def make(reads: PinnedReads, snapshot: Snapshot) -> FacetsAnswer:
                found = facets(reads, plan, fields, detail)
                told = {name: facet_answer(facet) for name, facet in found.by_field.items()}
                return FacetsAnswer(snapshot=snapshot, rows=found.rows, facets=told)

            form = f"facets {names} {detail}"
            return pinned_reply(context.services.read, Asked(rows_of_question(plan), form, known), call, make)

        return await context.calls.answer(request, "facets", run)

    return router


def facet_answer(facet: Facet) -> FacetAnswer:
    """Show a facet.

    Args:
        facet: The facet.

    Returns:
        It as answers have it.
    """
    found, values, bars, years = facet.range, facet.values, facet.bars, facet.years
    return FacetAnswer(
        nulls=found.nulls,
        distinct=len(values) if values is not None and facet.is_whole else None,
        values=None if values is None else [ValueCount(value=each, count=count) for each, count in values],
        histogram=None
        if bars is None
        else [Bar(from_=bar.start, to=bar.end, count=bar.count) for bar in bars],
        years=None
        if years is None
        else [YearCount(year=row["year"], month=row.get("month"), count=row[COUNT]) for row in years],
        min=json_value(found.least),
        max=json_value(found.greatest),
        mean=found.mean,
    )
