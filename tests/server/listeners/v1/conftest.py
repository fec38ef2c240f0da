"""Fixtures of this folder: clients of `/v1`."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vxdata.server.app import Server


@pytest.fixture(scope="module")
def make_http() -> Iterator[Callable[[Server], httpx.Client]]:
    """Makes clients of `/v1` of a server; they follow no redirects."""
    with ExitStack() as clients:

        def make(server: Server) -> httpx.Client:
            url = f"{server.http_url}/v1"
            return clients.enter_context(httpx.Client(base_url=url, trust_env=False, timeout=60))

        yield make


@pytest.fixture(scope="module")
def http(make_http: Callable[[Server], httpx.Client], server: Server) -> httpx.Client:
    """A client of `/v1` of the session's server."""
    return make_http(server)
