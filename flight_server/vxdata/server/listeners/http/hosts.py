"""Hosts: by which names the server answers.

A page of any site can make its own name lead to this machine, and would then read what the server gives
(DNS rebinding). The browser still tells the name in `Host`, so a server that is for this machine alone
answers to addresses and to `localhost`, and to the names that the settings add.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers
from starlette.responses import Response

from vxdata.schemas.wire import WireError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from starlette.types import ASGIApp, Receive, Scope, Send

LOCALHOST: Final = "localhost"

MISDIRECTED: Final = 421
"""Status of a request for a name that is not the server's (RFC 9110, 15.5.20)."""


def answers_to(host: str, names: Collection[str]) -> Callable[[str], bool]:
    """Decide by which names a server answers.

    Args:
        host: The address or name that it listens on.
        names: Further names that the settings add; `*` stands for any.

    Returns:
        Tells of a `Host` header whether to answer: addresses, `localhost` and the names; any name where the
        server listens beyond this machine and no names are set.

    Example:
        >>> allowed = answers_to("127.0.0.1", ["data.example.org"])
        >>> [allowed(host) for host in ("localhost:80", "[::1]:80", "Data.example.org", "evil.example.org")]
        [True, True, True, False]
    """
    known = {name.lower() for name in (LOCALHOST, host, *names)}
    any_name = "*" in names or (not names and not _is_loopback(host))

    def allowed(header: str) -> bool:
        name = _without_port(header).lower()
        return any_name or name in known or _is_address(name)

    return allowed


class KnownHosts:
    """Refuses requests for other names.

    Args:
        app: Answers all others.
        allowed: Tells of a `Host` header whether to answer.
    """

    def __init__(self, app: ASGIApp, allowed: Callable[[str], bool]) -> None:
        """Keep both."""
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        host = Headers(scope=scope).get("host", "")
        if self._allowed(host):
            await self._app(scope, receive, send)
            return
        shown = _without_port(host)[:200]
        msg = (
            f"This server does not answer to the name {shown!r}. If the name is its own, add it to the "
            "setting VXDATA_HTTP_HOSTS."
        )
        wire = WireError(code="MISDIRECTED_REQUEST", message=msg, details={"host": shown}, request_id="")
        await Response(wire.to_bytes(), MISDIRECTED, media_type="application/json")(scope, receive, send)


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


def _is_loopback(host: str) -> bool:
    return host == LOCALHOST or (_is_address(host) and ipaddress.ip_address(host).is_loopback)
