"""Redirects to a path beside that of a request.

Addresses are relative, so that they work behind any proxy, and keep what the request states in its query.
"""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from starlette.responses import RedirectResponse

if TYPE_CHECKING:
    from starlette.requests import Request

AS_IT_IS: Final = string.punctuation
"""What a query keeps beside letters and digits; bytes beyond ASCII, which some clients send, are escaped."""


def redirect(request: Request, path: str) -> RedirectResponse:
    """Lead a request to another path.

    Args:
        request: The request.
        path: The path, relative to that of the request.

    Returns:
        A response with the status 307: method and body stay the same.

    Example:
        >>> from starlette.requests import Request
        >>> query = b"a=%20b&c=" + "é".encode("latin-1")
        >>> asked = Request({"type": "http", "path": "/cda", "query_string": query, "headers": []})
        >>> redirect(asked, "cda/").headers["location"]
        'cda/?a=%20b&c=%E9'
    """
    query = quote(request.scope["query_string"], safe=AS_IT_IS)
    return RedirectResponse(f"{path}?{query}" if query else path)
