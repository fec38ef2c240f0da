"""`/v1/commits`: what was written when, and by whom; the newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from vxdata.schemas.catalog.builtin import COMMIT
from vxdata.schemas.plan import And, Comparison, ItemsTest, OrderBy, Plan
from vxdata.server.listeners.http.v1.instants import AsOf, read_instant
from vxdata.server.listeners.http.v1.models import Answer
from vxdata.server.listeners.http.v1.replies import Asked
from vxdata.server.listeners.http.v1.rows import json_rows, object_reply
from vxdata.server.listeners.http.v1.snapshots import Snapshot

if TYPE_CHECKING:
    import pyarrow as pa

    from vxdata.schemas.plan import Predicate
    from vxdata.server.call import Call
    from vxdata.server.listeners.http.responses import Reply
    from vxdata.server.listeners.http.v1.context import Context

MAX_COMMITS: Final = 10_000
"""Most commits of one answer."""

Limit = Annotated[int, Query(ge=1, le=MAX_COMMITS, description="Most commits.")]
Before = Annotated[
    int | None,
    Query(ge=1, le=2**63 - 1, description="Only commits below this number: `next` of a page."),
]
Type = Annotated[str | None, Query(alias="type", description="Only commits that wrote this type.")]


class CommitInfo(Answer):
    """A commit."""

    version: int = Field(description="Its number.")
    as_of: str = Field(description="Its instant, ISO 8601, UTC.")
    verb: str = Field(description="What was done.")
    counts: dict[str, int] = Field(description="Versions that it wrote, by resource type.")
    client: dict[str, str] = Field(description="What the caller said of itself.")
    principal: str | None = Field(
        description="Who made the commit, as the server knew the caller; null in commits of before."
    )
    idempotency_key: str | None = Field(description="Name of the request, if it had one.")


class CommitsAnswer(Answer):
    """Commits, the newest first."""

    snapshot: Snapshot = Field(description="The state that they lead to.")
    commits: list[CommitInfo] = Field(description="The commits.")
    next: int | None = Field(description="What to ask for as `before` to go on; null at the end.")


def commit_routes(context: Context) -> APIRouter:
    """Make the route.

    Args:
        context: What it works with.

    Returns:
        A router of it alone.
    """
    router = APIRouter(tags=["commits"])

    @router.get("/commits", response_model=CommitsAnswer)
    async def commits(
        request: Request, limit: Limit = 100, before: Before = None, type_: Type = None, as_of: AsOf = None
    ) -> Response:
        """List commits, the newest first."""
        known = request.headers.get("if-none-match")

        def run(_: bytes, call: Call) -> Reply:
            if type_ is not None:
                context.catalog(call).registry.get(type_)
            plan = Plan(
                relation=COMMIT,
                where=_where(before, type_),
                order_by=(OrderBy(field="version", descending=True),),
                limit=limit + 1,  # whether there is one more tells whether there is a next page
                as_of=read_instant(as_of),
            )

            def make(rows: pa.Table) -> dict[str, object]:
                page = rows.slice(0, limit)
                following = page["version"][-1].as_py() if rows.num_rows > limit else None
                return {"commits": b"[%b]" % b",".join(json_rows(page)), "next": following}

            return object_reply(context.services.read, Asked(plan, "commits", known), call, make)

        return await context.calls.answer(request, "commits", run)

    return router


def _where(before: int | None, resource_type: str | None) -> Predicate | None:
    terms: list[Predicate] = []
    if before is not None:
        terms.append(Comparison(op="<", field="version", value=before))
    if resource_type is not None:
        terms.append(ItemsTest(op="contains_any", field="counts", values=(resource_type,)))
    return And(terms=tuple(terms)) if terms else None
