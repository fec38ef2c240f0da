"""The doors that there are, read from the code: Flight's methods, verbs, actions, and routes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import pyarrow.flight
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount, Route

from vxdata.schemas.wire import Action, PresignRequest
from vxdata.schemas.wire.commands import Verb
from vxdata.server.listeners.flight.server import FlightServer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from starlette.routing import BaseRoute

    from vxdata.server.app import Server

CATALOG = "cda"
"""Name of the catalog of the server whose routes are listed."""

PLUMBING = {"port", "run", "serve", "shutdown", "wait"}
"""What pyarrow's server can do beside answering calls."""


def flight_methods() -> set[str]:
    """The calls of Flight that a server may answer, as pyarrow names them."""
    offered = {name for name in vars(pyarrow.flight.FlightServerBase) if not name.startswith("_")} - PLUMBING
    assert offered <= set(dir(FlightServer))
    return offered


def flight_doors() -> set[str]:
    """The doors of Flight."""
    methods = PresignRequest.model_fields["method"].annotation
    return {
        "handshake",
        *flight_methods(),
        *(f"do_put:{verb}" for verb in get_args(Verb)),
        *(f"action:{action}" for action in Action),
        *(f"action:presign:{method}" for method in get_args(methods)),
    }


def http_doors(server: Server) -> set[str]:
    """The doors of HTTP: every method of every route of a server that has a catalog."""
    application: Any = server._http._server.config.loaded_app
    while not hasattr(application, "routes"):
        application = application.app
    routes = [*application.routes, *application.router.default.routes]
    return {door.replace(f"/{CATALOG}", "/{catalog}", 1) for door in _doors(routes, "")}


def _doors(routes: Iterable[BaseRoute], above: str) -> Iterator[str]:
    for route in routes:
        if isinstance(route, Mount):
            below = above + route.path
            yield from _doors(route.routes, below) if route.routes else [f"GET {below}"]
        elif isinstance(route, Route):
            yield from _of_route(above + route.path, route.methods)
        else:  # FastAPI's own, of a router that an application includes
            for found in iter_route_contexts([route]):
                yield from _of_route(f"{above}{found.path}", found.methods)


def _of_route(path: str, methods: Iterable[str] | None) -> Iterator[str]:
    """Name the doors of a route; Starlette answers HEAD as it answers GET, so that it is no other door."""
    offered = set(methods or ("GET",))
    for method in offered - ({"HEAD"} if "GET" in offered else set()):
        yield f"{method} {path.rstrip('/') or '/'}"
