"""`/v1/session`: who a browser's user is, by a cookie that no script can read."""

from __future__ import annotations

from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from starlette.responses import Response

from vxdata.schemas.identity import Grants, Role
from vxdata.server.identities.authenticator import Presented
from vxdata.server.identities.sessions import SESSION_SECONDS
from vxdata.server.listeners.http.document import body_of
from vxdata.server.listeners.http.hosts import SESSION_COOKIE
from vxdata.server.listeners.http.v1.bodies import read_body
from vxdata.server.listeners.http.v1.models import Answer
from vxdata.server.listeners.http.v1.replies import json_reply

if TYPE_CHECKING:
    from vxdata.server.call import Call, Principal
    from vxdata.server.identities.gate import Gate
    from vxdata.server.listeners.http.responses import Reply
    from vxdata.server.listeners.http.v1.context import Context

NO_STORE: Final = {"Cache-Control": "no-store"}


class SessionRequest(BaseModel):
    """What a session is opened with."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    token: SecretStr = Field(description="A token, or a JWT of the identity provider.")


class SessionAnswer(Answer):
    """Who calls, as the server knows it."""

    name: str = Field(description="Name of the caller; `anonymous` where the server asks nobody.")
    role: Role = Field(description="What the caller may do.")
    how: str = Field(description="By what the caller is known: session, token, … or nothing.")
    grants: Grants = Field(
        description="What the caller sees, and may write; a part that is null is not limited."
    )


def session_routes(context: Context) -> APIRouter:
    """Make the routes.

    Args:
        context: What they work with.

    Returns:
        A router of them.
    """
    router = APIRouter(tags=["session"])
    gate = context.calls.boundary.gate

    @router.get("/session", response_model=SessionAnswer)
    async def session(request: Request) -> Response:
        """Tell who calls."""

        def run(_: bytes, call: Call) -> Reply:
            return json_reply(_answer(call.principal), NO_STORE)

        return await context.calls.answer(request, "session", run)

    @router.post("/session", response_model=SessionAnswer, openapi_extra=body_of(SessionRequest))
    async def open_session(request: Request) -> Response:
        """Open a session with a token, and give its cookie, which lasts twelve hours."""

        def run(content: bytes, _: Call) -> Reply:
            token = read_body(SessionRequest, content).token.get_secret_value()
            presented = Presented(f"Bearer {token}")
            principal = gate.authorise("GET /v1/session", gate.identify(presented))
            if not principal.is_known:
                return json_reply(_answer(principal), NO_STORE)
            _end(gate, request)
            cookie = _cookie(request, gate.sessions.open(presented, principal.name), SESSION_SECONDS)
            return json_reply(_answer(principal), NO_STORE | cookie)

        return await context.calls.answer(request, "open_session", run)

    @router.delete("/session", response_model=None)
    async def close_session(request: Request) -> Response:
        """End the session of the cookie, if there is one."""

        def run(_: bytes, __: Call) -> Reply:
            _end(gate, request)
            return json_reply(Ended(), NO_STORE | _cookie(request, "", 0))

        return await context.calls.answer(request, "close_session", run)

    return router


def _end(gate: Gate, request: Request) -> None:
    """End the session of a browser, if it has one."""
    if (name := request.cookies.get(SESSION_COOKIE)) is not None:
        gate.sessions.close(name)


class Ended(Answer):
    """Nothing is left to be told."""


def _answer(principal: Principal) -> SessionAnswer:
    return SessionAnswer(name=principal.name, role=principal.role, how=principal.how, grants=principal.grants)


def _cookie(request: Request, name: str, seconds: int) -> dict[str, str]:
    """The header that gives a cookie, or takes it away. No script reads it, and no other site sends it."""
    cookies: SimpleCookie = SimpleCookie()
    cookies[SESSION_COOKIE] = name
    settings: dict[str, Any] = {
        "path": f"{request.scope.get('app_root_path', '')}/",
        "max-age": seconds,
        "httponly": True,
        "samesite": "Strict",
        "secure": request.url.scheme == "https",
    }
    cookies[SESSION_COOKIE].update(settings)
    return {"Set-Cookie": cookies[SESSION_COOKIE].OutputString()}
