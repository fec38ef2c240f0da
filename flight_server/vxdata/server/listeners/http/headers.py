"""Headers that every response of an application has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.datastructures import MutableHeaders

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

NOSNIFF: Final = {"X-Content-Type-Options": "nosniff"}
"""Browsers take a response for what it says it is."""


class WithHeaders:
    """Adds headers to every response, unless it has them.

    Args:
        app: The application that responds.
        headers: The headers.
    """

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        """Keep both."""
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers)


class WeakETags:
    """Makes the ETags of responses weak, where what follows may change their bytes.

    Args:
        app: The application that responds.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Keep it."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond."""

        async def with_weak_etag(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                etag = headers.get("ETag", "")
                if etag.startswith('"'):
                    headers["ETag"] = f"W/{etag}"
            await send(message)

        await self._app(scope, receive, with_weak_etag)
