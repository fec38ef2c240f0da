"""`/v1/query`: the rows of a question, in one of the formats."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from vxdata.schemas.plan import encode
from vxdata.schemas.wire import WireError
from vxdata.server.formats.known import FORMATS
from vxdata.server.listeners.http.document import body_of
from vxdata.server.listeners.http.responses import Reply
from vxdata.server.listeners.http.v1.addresses import AddressedQuestion
from vxdata.server.listeners.http.v1.bodies import read_body
from vxdata.server.listeners.http.v1.instants import read_instant
from vxdata.server.listeners.http.v1.negotiation import Codec, FormatName, Wanted, wanted
from vxdata.server.listeners.http.v1.questions import Question, plan_of
from vxdata.server.listeners.http.v1.replies import Asked, Freshness, reply_unless_known

if TYPE_CHECKING:
    from collections.abc import Generator

    from vxdata.schemas.plan import Plan
    from vxdata.server.call import Call
    from vxdata.server.listeners.http.v1.context import Context
    from vxdata.server.listeners.http.v1.snapshots import Snapshot
    from vxdata.server.services.read import Result

MAX_LINK: Final = 2_000
"""Characters of an address in a header, at most: proxies take some 4 KiB of headers."""

FormOf = Callable[[str | None], Wanted]
"""Takes what a caller accepts, and tells the format of the answer."""

ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The rows. A stream that was cut ends without its end marker or last chunk.",
        "content": {each.media_type: {} for each in FORMATS},
    },
    304: {"description": "The caller's copy is still good."},
    406: {"model": WireError, "description": "No format that is accepted is one of the server's."},
}


def query_routes(context: Context) -> APIRouter:
    """Make the routes.

    Args:
        context: What they work with.

    Returns:
        A router of them alone.
    """
    router = APIRouter(tags=["query"])

    async def answer(request: Request, ask: Callable[[bytes], Question], form: FormOf) -> Response:
        accept, known = request.headers.get("accept"), request.headers.get("if-none-match")

        address = str(request.url.replace(query=None, fragment=None))

        def run(content: bytes, call: Call) -> Reply:
            found = form(accept)
            plan = plan_of(ask(content), context.catalog(call))
            asked = Asked(plan, found.form, known, is_exact=False)
            return rows_reply(context.services.read.run(plan, call), asked, found, address)

        return await context.calls.answer(request, "query", run)

    @router.post("/query", response_class=Response, responses=ANSWERS, openapi_extra=body_of(Question))
    async def query(request: Request, format_name: FormatName = None, codec: Codec = None) -> Response:
        """Give the rows of a question, in the format that is named or accepted."""
        return await answer(request, partial(read_body, Question), partial(wanted, format_name, codec))

    @router.get("/query", response_class=Response, responses=ANSWERS)
    async def query_by_address(request: Request, asked: Annotated[AddressedQuestion, Query()]) -> Response:
        """Give the rows of a question that stands in the address, for whatever can open a URL."""
        form = partial(wanted, asked.format, asked.codec)
        return await answer(request, lambda _: asked.question(), form)

    return router


def rows_reply(result: Result, asked: Asked, form: Wanted, address: str) -> Reply:
    """Answer with rows.

    Args:
        result: The running query.
        asked: What was asked for.
        form: The format of the answer.
        address: Address of the route.

    Returns:
        The reply; whoever reads or closes its bytes ends the query.
    """

    def answer(fresh: Freshness) -> Reply:
        name = file_name(asked.plan.relation, fresh.snapshot, form.format.suffix)
        headers = {**fresh.headers, "Content-Disposition": f'attachment; filename="{name}"'}
        if not result.is_timeless:
            headers |= _link(address, asked.plan, fresh.snapshot, form)
        return Reply(_written(result, form), form.format.media_type, headers=headers)

    return reply_unless_known(asked, result, answer)


def file_name(relation: str, snapshot: Snapshot, suffix: str) -> str:
    """Name the file of an answer by what it reads, and when.

    Args:
        relation: What was read.
        snapshot: The state that it shows.
        suffix: End of the name.

    Returns:
        Such as ``volume-20260102T101112.000000Z.parquet``.
    """
    instant = snapshot.as_of.replace("-", "").replace(":", "")
    return f"{relation}-{instant}{suffix}"


def _link(address: str, plan: Plan, snapshot: Snapshot, form: Wanted) -> dict[str, str]:
    """Name the address that always has this answer; a proxy may have no room for a long one."""
    fixed = encode(plan.model_copy(update={"as_of": read_instant(snapshot.as_of)}))
    url = f"{address}?{urlencode({'plan': fixed, 'format': form.format.name, 'codec': form.codec})}"
    return {"Link": f'<{url}>; rel="canonical"'} if len(url) <= MAX_LINK else {}


def _written(result: Result, form: Wanted) -> Generator[bytes | memoryview]:
    with closing(result):
        yield from form.format.write(result.arrow_schema, result.batches, form.codec)
