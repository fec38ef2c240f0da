"""The application of `/v1`: its routes, its document, and the pages that show that."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from vxdata.schemas.errors import UnknownParameter
from vxdata.server.listeners.boundary import CallFailed
from vxdata.server.listeners.http.docs_pages import add_pages
from vxdata.server.listeners.http.document import describe_with_bodies
from vxdata.server.listeners.http.v1 import errors
from vxdata.server.listeners.http.v1.answer_models import AnswerRequest
from vxdata.server.listeners.http.v1.answers import answer_routes
from vxdata.server.listeners.http.v1.catalogs import catalog_routes, identifier_routes
from vxdata.server.listeners.http.v1.commits import commit_routes
from vxdata.server.listeners.http.v1.compare import CompareRequest, compare_routes
from vxdata.server.listeners.http.v1.count import count_routes
from vxdata.server.listeners.http.v1.facet_models import FacetRequest
from vxdata.server.listeners.http.v1.facets import facet_routes
from vxdata.server.listeners.http.v1.index import index_routes
from vxdata.server.listeners.http.v1.parameters import refuse_unknown
from vxdata.server.listeners.http.v1.plans import plan_routes
from vxdata.server.listeners.http.v1.previews import preview_routes
from vxdata.server.listeners.http.v1.query import query_routes
from vxdata.server.listeners.http.v1.questions import Question
from vxdata.server.listeners.http.v1.relatives import relative_routes
from vxdata.server.listeners.http.v1.resources import resource_routes
from vxdata.server.listeners.http.v1.session import SessionRequest, session_routes
from vxdata.server.listeners.http.v1.types import types_routes
from vxdata.server.listeners.http.v1.versions import version_routes

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi.routing import APIRoute
    from pydantic import BaseModel

    from vxdata.server.listeners.http.v1.context import Context

ROUTES: Final[tuple[Callable[[Context], APIRouter], ...]] = (
    index_routes,
    session_routes,
    query_routes,
    count_routes,
    facet_routes,
    compare_routes,
    answer_routes,
    plan_routes,
    types_routes,
    resource_routes,
    relative_routes,
    version_routes,
    preview_routes,
    identifier_routes,
    commit_routes,
    catalog_routes,
)
"""The families of routes."""

BODIES: Final[tuple[type[BaseModel], ...]] = (
    SessionRequest,
    Question,
    AnswerRequest,
    FacetRequest,
    CompareRequest,
)
"""The bodies of requests, which are read inside of calls, and not by FastAPI."""


def build_v1_app(context: Context) -> FastAPI:
    """Make the application.

    Args:
        context: What the routes work with.

    Returns:
        An application for the path `/v1`.
    """
    app = FastAPI(
        title="VxData",
        version=version("vxdata"),
        description="Versioned medical-imaging research data: queries, resources, and what there is.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
        responses=errors.FAILURES,
        dependencies=[Depends(refuse_unknown)],
        exception_handlers={
            CallFailed: errors.call_failed,
            HTTPException: errors.refused,
            RequestValidationError: errors.not_valid,
            UnknownParameter: errors.unknown_parameter,
            Exception: errors.unexpected,
        },
    )
    for make in ROUTES:
        app.include_router(make(context))
    describe_with_bodies(app, BODIES)
    add_pages(app)
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name
