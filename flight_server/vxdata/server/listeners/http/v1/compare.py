"""`/v1/compare`: what is different about a question between two instants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from vxdata.schemas.errors import InvalidRequest
from vxdata.server.listeners.http.document import body_of
from vxdata.server.listeners.http.v1.bodies import read_body
from vxdata.server.listeners.http.v1.instants import read_instant
from vxdata.server.listeners.http.v1.models import Answer
from vxdata.server.listeners.http.v1.parameters import MAX_PAGE
from vxdata.server.listeners.http.v1.pinned_replies import json_value, pinned_reply
from vxdata.server.listeners.http.v1.questions import Question, plan_of
from vxdata.server.listeners.http.v1.replies import Asked
from vxdata.server.listeners.http.v1.snapshots import Snapshot, snapshot_of
from vxdata.server.services.compare import compare, compared_rows

if TYPE_CHECKING:
    from datetime import datetime

    from vxdata.schemas.plan import Plan
    from vxdata.server.call import Call
    from vxdata.server.listeners.http.responses import Reply
    from vxdata.server.listeners.http.v1.context import Context
    from vxdata.server.services.pinned import PinnedReads


class CompareRequest(BaseModel):
    """Two instants, and what is asked for at both."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"question": {"type": "volume"}, "since": "2026-01-01"}]},
    )

    question: Question = Field(description="What is asked for at both; not in its order, and all of it.")
    since: str = Field(description="The earlier instant, in ISO 8601 and UTC.")
    until: str | None = Field(
        None, description="The later instant; without it that of the question, else the last commit."
    )
    limit: int = Field(100, ge=0, le=MAX_PAGE, description="Most differences that are told one by one.")


class DifferenceAnswer(Answer):
    """A resource that differs."""

    identifier: str = Field(description="The resource.")
    change: str = Field(description="`added` or `gone` if it is found at one instant alone; else `changed`.")
    fields: dict[str, list[Any]] = Field(description="Field to its value before and after.")


class CompareAnswer(Answer):
    """What is different."""

    since: Snapshot = Field(description="The earlier state.")
    until: Snapshot = Field(description="The later state.")
    added: int = Field(description="Resources that are found at the later instant alone.")
    changed: int = Field(description="Resources that are found at both, in different versions.")
    gone: int = Field(description="Resources that are found at the earlier instant alone.")
    rows: list[DifferenceAnswer] = Field(description="The first differences, in identifier order.")


def compare_routes(context: Context) -> APIRouter:
    """Make the route.

    Args:
        context: What it works with.

    Returns:
        A router of it alone.
    """
    router = APIRouter(tags=["query"])

    @router.post(
        "/compare", name="compare", response_model=CompareAnswer, openapi_extra=body_of(CompareRequest)
    )
    async def compare_states(request: Request) -> Response:
        """Tell what is different about a question between two instants."""
        known = request.headers.get("if-none-match")

        def run(content: bytes, call: Call) -> Reply:
            asked = read_body(CompareRequest, content)
            catalog = context.catalog(call)
            plan = plan_of(asked.question, catalog)
            relation = catalog.relation(plan.relation)
            rows = compared_rows(plan, relation)
            later = rows.model_copy(update={"as_of": read_instant(asked.until) or plan.as_of})
            earlier = rows.model_copy(update={"as_of": read_instant(asked.since)})

            def make(until: PinnedReads, snapshot: Snapshot) -> CompareAnswer:
                since = _earlier(earlier, until)
                before = until.at(instant_of(since))
                found = compare(before, since.version, until, rows, relation, asked.limit)
                told = [
                    DifferenceAnswer(
                        identifier=each.identifier, change=each.change, fields=json_value(each.fields)
                    )
                    for each in found.differences
                ]
                return CompareAnswer(since=since, until=snapshot, rows=told, **found.counts)

            form = f"compare {earlier.as_of} {asked.limit}"
            return pinned_reply(context.services.read, Asked(later, form, known), call, make)

        return await context.calls.answer(request, "compare", run)

    return router


def _earlier(plan: Plan, until: PinnedReads) -> Snapshot:
    """Tell the earlier state, which must not come after the later one."""
    _, arrow_schema = until.read.describe(plan, until.call)
    since = snapshot_of(arrow_schema)
    if instant_of(since) > until.as_of:
        msg = f"since {since.as_of} comes after until {until.as_of.isoformat()}."
        raise InvalidRequest(msg, since=since.as_of, until=until.as_of.isoformat())
    return since


def instant_of(snapshot: Snapshot) -> datetime:
    """The instant of a snapshot."""
    instant = read_instant(snapshot.as_of)
    assert instant is not None  # noqa: S101 - every snapshot has one
    return instant
