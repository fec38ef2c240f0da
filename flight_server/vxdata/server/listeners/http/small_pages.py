"""Small pages in HTML: what people see in a browser where programs get JSON."""

from __future__ import annotations

from html import escape
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import mimeparse
from starlette.responses import HTMLResponse

if TYPE_CHECKING:
    from starlette.requests import Request

HTML: Final = "text/html"

PREFERRED_LAST: Final = (HTML, "application/json")
"""Of equal wishes the last one counts: whoever takes anything is a program."""

STYLE: Final = "query/static/style.css"
"""Address of the style of the query page, from the root of the server."""

POLICY: Final = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What a small page may do: show its style."""

ON_ACCEPT: Final = {"Vary": "Accept"}
"""Header of what is a page or JSON."""

_PAGE: Final = """<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>VxData: {title}</title>
    <link rel="stylesheet" href="{root}{style}" />
  </head>
  <body>
    <main>
      <h1>{title}</h1>
      {content}
    </main>
  </body>
</html>
"""


def asks_for_html(request: Request) -> bool:
    """Tell whether a caller would rather have a page than JSON.

    Args:
        request: The request, with its header `Accept`.

    Returns:
        Whether it prefers HTML, as browsers do where they show a page; not if the header cannot be read.

    Example:
        >>> from starlette.requests import Request
        >>> asks_for_html(Request({"type": "http", "headers": [(b"accept", b"text/html, */*;q=0.8")]}))
        True
        >>> asks_for_html(Request({"type": "http", "headers": [(b"accept", b"*/*")]}))
        False
    """
    try:
        best: str = mimeparse.best_match(PREFERRED_LAST, request.headers.get("accept", "*/*"))
    except mimeparse.MimeTypeParseException:
        return False
    return best == HTML


def page_response(request: Request, title: str, content: str, status: int = HTTPStatus.OK) -> HTMLResponse:
    """Answer with a page; another caller gets JSON at its address.

    Args:
        request: The request.
        title: Its title, as text.
        content: What stands below it, in HTML; addresses in it begin with `way_to_root`.
        status: The status of the response.

    Returns:
        The response.
    """
    root = escape(way_to_root(request))
    text = _PAGE.format(title=escape(title), content=content, root=root, style=STYLE)
    return HTMLResponse(text, status, {"Content-Security-Policy": POLICY, **ON_ACCEPT})


def way_to_root(request: Request) -> str:
    """Tell how addresses lead from that of a request to the root of the server, behind any proxy.

    Args:
        request: The request.

    Returns:
        Such as ``../``.

    Example:
        >>> from starlette.requests import Request
        >>> way_to_root(Request({"type": "http", "path": "/proxy/query/a", "root_path": "/proxy"}))
        '../'
    """
    return "../" * (_path_of(request).count("/") - 1)


def not_found_page(request: Request) -> HTMLResponse:
    """Say that an address leads to nothing, and what there is.

    Args:
        request: The request.

    Returns:
        A page with the status 404.
    """
    root = escape(way_to_root(request))
    content = (
        f"<p>Nothing is at {escape(_path_of(request)[:200])}.</p>\n"
        f'      <p><a href="{root}query">The query page</a> shows the data, and '
        f'<a href="{root}v1/docs">VxData over HTTP</a> what programs can ask for.</p>'
    )
    return page_response(request, "There is no such page", content, HTTPStatus.NOT_FOUND)


def sign_in_page(request: Request) -> HTMLResponse:
    """Ask people to say who they are before they are told whether an address leads to anything.

    Args:
        request: The request.

    Returns:
        A page with the status 401.
    """
    root = escape(way_to_root(request))
    content = (
        f'<p>Sign in on the <a href="{root}query">query page</a>, and come back to this address then.</p>'
    )
    page = page_response(request, "The server wants to know who calls", content, HTTPStatus.UNAUTHORIZED)
    page.headers["WWW-Authenticate"] = "Bearer"
    return page


def _path_of(request: Request) -> str:
    """The path of a request below the root of the server, whatever application it has come to."""
    path: str = request.scope["path"]
    root: str = request.scope.get("app_root_path", request.scope["root_path"])
    return path.removeprefix(root)
