"""Answers of the CDA API: the brackets around what PostgreSQL has written, and what stands beside it."""

from __future__ import annotations

import json
import re
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from starlette.datastructures import URL

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from starlette.requests import Request

    from vxdata.server.services.json_rows import JsonRows

HOST: Final = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
"""What a request may say that it is sent to: a name or an address, and a port."""


def paged(rows: JsonRows, next_url: Callable[[int], str | None]) -> Generator[bytes | memoryview]:
    """Write a page.

    Args:
        rows: Its objects.
        next_url: Tells where the next page is, given the number of all objects.

    Yields:
        The bytes of the answer.
    """
    with closing(rows):
        yield b'{"result":['
        yield from rows.chunks()
        rest = {
            "query_sql": rows.query_sql,
            "total_row_count": rows.total,
            "next_url": next_url(rows.total),
        }
        yield b"]," + as_json(rest)[1:]


def listed(rows: JsonRows) -> Generator[bytes | memoryview]:
    """Write all rows of a table."""
    with closing(rows):
        yield b'{"result":['
        yield from rows.chunks()
        yield b"]}"


def summarised(summary: bytes, query_sql: str) -> Generator[bytes | memoryview]:
    """Write a summary."""
    yield b'{"result":['
    yield summary
    yield b"]," + as_json({"query_sql": query_sql})[1:]


def next_page(request: Request, limit: int | None, offset: int) -> Callable[[int], str | None]:
    """Tell where the page after that of a request is.

    Args:
        request: The request.
        limit: Most objects of its page; None for all.
        offset: Objects before its page.

    Returns:
        A function of the number of all objects: the address, an empty text at the end, or None for a page
        without a limit. The address is that of the request; a caller that tells none, or a malformed one, as
        the host gets a path.
    """
    has_host = HOST.fullmatch(request.headers.get("host", ""))
    asked = request.url if has_host else URL(scope={**request.scope, "headers": [], "server": None})

    def address(total: int) -> str | None:
        if limit is None:
            return None
        if limit == 0 or offset + limit >= total:
            return ""
        return str(asked.include_query_params(offset=offset + limit))

    return address


def as_json(value: Any) -> bytes:
    """Write a value as JSON, without a space that need not be."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
