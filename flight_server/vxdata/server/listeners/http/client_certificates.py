"""The certificate of a client over HTTP: uvicorn tells applications nothing of it, so this does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

from vxdata.server.tls.names import certificate_name

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from starlette.types import Receive, Scope, Send

EXTENSION: Final = "vxdata.client_certificate"
"""Key in the extensions of an ASGI scope."""


class NamingProtocol(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it; requests carry the name in the certificate of their client."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Read the name once: it holds for the connection, and TLS has checked it."""
        super().connection_made(transport)
        name = certificate_name(transport.get_extra_info("peercert"))
        if not name:
            return
        app = self.app

        async def named(scope: Scope, receive: Receive, send: Send) -> None:
            extensions = {**scope.get("extensions", {}), EXTENSION: {"name": name}}
            await app({**scope, "extensions": extensions}, receive, send)

        self.app = named


def client_certificate(scope: Mapping[str, Any]) -> str:
    """Return the name in the certificate of the client that a request comes from.

    Args:
        scope: The ASGI scope of the request.

    Returns:
        The name; empty for a client without a certificate.
    """
    return str(scope.get("extensions", {}).get(EXTENSION, {}).get("name", ""))
