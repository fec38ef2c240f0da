"""Hosts: the names under which the server answers, and the sites whose pages may send it requests.

DNS rebinding: any site can make its own name resolve to this machine, and its pages could then read what the
server answers. The browser still sends that name in `Host`. So a server that only this machine can reach
answers to addresses and `localhost`, and to the names that the settings add.

Cross-site requests: a page of another site can send requests to this machine, though it cannot read the
answers: to make it answer costly questions, or to register answers until no more are allowed. The browser
marks such requests. From another site, only what a link can do, a GET, is answered. If a session cookie
identifies the caller, the same holds for every other origin, even of the same site.
"""

from __future__ import annotations

import ipaddress
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers
from starlette.responses import Response

from vxdata.schemas.wire import WireError
from vxdata.server.loopback import LOCALHOST, is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from starlette.types import ASGIApp, Receive, Scope, Send

SESSION_PATH: Final = "/v1/session"
"""Where sessions are opened."""

SAFE: Final = frozenset({"GET", "HEAD"})
"""Methods that change nothing, such as those of links."""

OWN_SITES: Final = frozenset({"same-origin", "none"})
"""Values of `Sec-Fetch-Site` of requests by the server's own pages, and by users themselves."""

SESSION_COOKIE: Final = "vxdata_session"
"""Name of the cookie with the identifier of a browser's session."""

MISDIRECTED: Final = 421
"""Status of a request for a name that is not the server's (RFC 9110, 15.5.20)."""


def answers_to(host: str, names: Collection[str]) -> Callable[[str], bool]:
    """Decide under which names a server answers.

    Args:
        host: The address or name that it listens on.
        names: Further names, from the settings; `*` stands for any.

    Returns:
        A test of `Host` headers. It accepts addresses, `localhost` and the names; or any name, if other
        machines can reach the server and no names are set.

    Example:
        >>> allowed = answers_to("127.0.0.1", ["data.example.org"])
        >>> [allowed(host) for host in ("localhost:80", "[::1]:80", "Data.example.org", "evil.example.org")]
        [True, True, True, False]
    """
    known = {name.lower() for name in (LOCALHOST, host, *names)}
    any_name = "*" in names or (not names and not is_loopback(host))

    def allowed(header: str) -> bool:
        name = _without_port(header).lower()
        return any_name or name in known or _is_address(name)

    return allowed


class KnownHosts:
    """Refuses requests for unknown names, and cross-site requests other than GET.

    Args:
        app: Answers all other requests.
        allowed: Tests a `Host` header, as `answers_to` returns it.
    """

    def __init__(self, app: ASGIApp, allowed: Callable[[str], bool]) -> None:
        """Keep both."""
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._allowed(host):
            await _misdirected(host)(scope, receive, send)
        elif scope.get("method") not in SAFE and (
            self._is_cross_site(headers) or _uses_session_across_origins(headers, scope.get("path", ""))
        ):
            await _from_another_site()(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _is_cross_site(self, headers: Headers) -> bool:
        """Whether a page of another site, which has none of the server's names, has sent the request."""
        is_of_another = headers.get("sec-fetch-site") == "cross-site"
        return is_of_another and not self._allowed(headers.get("origin", "").rpartition("//")[2])


def _uses_session_across_origins(headers: Headers, path: str) -> bool:
    """Whether a page of another origin has sent a request that uses a browser's session, or opens one.

    If the origins differ only in port or subdomain, they are the same site to the browser, which then sends
    the cookie. A session that such a page opens would belong to another user, on whose behalf this one would
    then work unknowingly.
    """
    is_of_session = SESSION_COOKIE in headers.get("cookie", "") or path.endswith(SESSION_PATH)
    if not is_of_session or "authorization" in headers:
        return False
    site = headers.get("sec-fetch-site")
    if site is None:  # browsers send it only over TLS and to their own machine
        return headers.get("origin", "").rpartition("//")[2] not in {"", headers.get("host", "")}
    return site not in OWN_SITES


def _misdirected(host: str) -> Response:
    shown = _without_port(host)[:200]
    msg = (
        f"This server does not answer to the name {shown!r}. If the name is its own, add it to the "
        "setting VXDATA_HTTP_HOSTS."
    )
    wire = WireError(code="MISDIRECTED_REQUEST", message=msg, details={"host": shown}, request_id="")
    return Response(wire.to_bytes(), MISDIRECTED, media_type="application/json")


def _from_another_site() -> Response:
    msg = (
        "A page of another site has sent this request; only a GET is answered then. If the site is "
        "one of the server's, add its name to the setting VXDATA_HTTP_HOSTS."
    )
    wire = WireError(code="CROSS_SITE_REQUEST", message=msg, request_id="")
    return Response(wire.to_bytes(), HTTPStatus.FORBIDDEN, media_type="application/json")


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
