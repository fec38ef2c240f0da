"""`/v1/plans`: a question in every form that says the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request
from pydantic_core import from_json
from starlette.responses import Response

from vxdata.schemas.binding import bind
from vxdata.schemas.binding.unlikely import unlikely_in_plan
from vxdata.schemas.binding.values import type_name
from vxdata.schemas.identity.credentials import TOKEN_VARIABLE
from vxdata.schemas.plan import digest, encode
from vxdata.schemas.text_form import (
    as_curl,
    as_sdk_code,
    as_vxp_client_code,
    write_filter,
    write_query,
)
from vxdata.server.listeners.http.document import body_of
from vxdata.server.listeners.http.v1.bodies import read_body
from vxdata.server.listeners.http.v1.models import Code, Column, PlanAnswer, UnlikelyTest
from vxdata.server.listeners.http.v1.questions import Question, plan_of
from vxdata.server.listeners.http.v1.replies import json_reply

if TYPE_CHECKING:
    from vxdata.schemas.binding.unlikely import Unlikely
    from vxdata.schemas.catalog import Catalog
    from vxdata.schemas.plan import Plan
    from vxdata.server.call import Call
    from vxdata.server.listeners.http.responses import Reply
    from vxdata.server.listeners.http.v1.context import Context

HOST: Final = re.compile(r"\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+")
"""Names and addresses of hosts; the header that tells one may hold anything."""

MAX_VALUES: Final = 100
"""Most values that an answer tells of one unlikely condition."""


def plan_routes(context: Context) -> APIRouter:
    """Make the route.

    Args:
        context: What it works with.

    Returns:
        A router of it alone.
    """
    router = APIRouter(tags=["query"])

    @router.post("/plans", response_model=PlanAnswer, openapi_extra=body_of(Question))
    async def plans(request: Request) -> Response:
        """Write a question as plan, as text and as programs; nothing is read but the question."""
        http_url, flight_url = addresses(request, context.flight_scheme, context.flight_port())

        def run(content: bytes, call: Call) -> Reply:
            catalog = context.catalog(call)
            plan = plan_of(read_body(Question, content), catalog)
            token_variable = TOKEN_VARIABLE if call.principal.is_known else None
            return json_reply(described(plan, catalog, http_url, flight_url, token_variable))

        return await context.calls.answer(request, "plans", run)

    return router


def described(
    plan: Plan,
    catalog: Catalog,
    http_url: str,
    flight_url: str | None,
    token_variable: str | None = None,
) -> PlanAnswer:
    """Write a plan in every form.

    Args:
        plan: The plan.
        catalog: What it may name.
        http_url: Address of this listener.
        flight_url: Address that Python clients connect to; None if they have to know it.
        token_variable: Environment variable with the token of the caller; None where none is asked for.

    Returns:
        The forms.

    Raises:
        InvalidRequest: The plan names what there is not, or compares what does not fit.
    """
    bound = bind(plan, catalog)
    content = from_json(encode(plan))
    return PlanAnswer(
        plan=content,
        digest=digest(plan),
        text=write_query(plan),
        filter="" if plan.where is None else write_filter(plan.where),
        code=Code(
            sdk=as_sdk_code(plan, flight_url),
            vxp_client=as_vxp_client_code(plan, flight_url),
            curl=as_curl(plan, http_url, token_variable=token_variable),
            plan=encode(plan).decode(),
        ),
        columns=[
            Column(
                name=field.name,
                type=type_name(field.type),
                unit=field.unit,
                description=field.description,
                required=field.required,
            )
            for field in bound.columns
        ],
        unlikely=[_told(each) for each in unlikely_in_plan(catalog.registry, bound)],
        is_pinned=plan.as_of is not None,
    )


def _told(unlikely: Unlikely) -> UnlikelyTest:
    operand = unlikely.test.operand
    return UnlikelyTest(
        relation=unlikely.relation,
        field=operand.column.name,
        key=operand.key,
        part=operand.part,
        op=unlikely.op,
        values=unlikely.values[:MAX_VALUES],
        message=unlikely.message,
    )


def addresses(request: Request, scheme: str, port: int) -> tuple[str, str | None]:
    """Tell under which addresses the caller reaches the server.

    Args:
        request: What the caller has sent, by way of whatever proxies.
        scheme: How the address of Python clients begins.
        port: Their port.

    Returns:
        The address of this listener, and that of Python clients; None if the caller names no host.

    Example:
        >>> scope = {"type": "http", "scheme": "http", "path": "/", "server": ("::1", 80), "headers": []}
        >>> addresses(Request({**scope, "headers": [(b"host", b"host:8816")]}), "grpc", 8815)
        ('http://host:8816', 'grpc://host:8815')
    """
    named = HOST.match(request.headers.get("host", ""))
    flight_url = f"{scheme}://{named.group()}:{port}" if named else None
    return str(request.base_url).rstrip("/"), flight_url
