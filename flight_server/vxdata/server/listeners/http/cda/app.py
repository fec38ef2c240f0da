"""The application of a catalog: its routes, and what each of them asks the service of cohorts.

Names of functions and paths make the operation ids of the document, from which clients are generated.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response  # noqa: TC002 - FastAPI reads the annotations of routes

from vxdata.schemas.plan.predicates import MAX_ROWS
from vxdata.server.listeners.boundary import CallFailed
from vxdata.server.listeners.http.cda import answers, errors
from vxdata.server.listeners.http.cda.models import (
    BODIES,
    ColumnResponseObj,
    ColumnValuesResponseObj,
    DataRequestBody,
    PagedResponseObj,
    ReleaseMetadataObj,
    SummaryRequestBody,
    SummaryResponseObj,
)
from vxdata.server.listeners.http.cda.plans import plan_of, read_body
from vxdata.server.listeners.http.cda.statuses import FAILED, REFUSED
from vxdata.server.listeners.http.docs_pages import add_pages
from vxdata.server.listeners.http.document import body_of, describe_with_bodies
from vxdata.server.listeners.http.redirects import redirect
from vxdata.server.listeners.http.responses import Reply, once

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel

    from vxdata.server.call import Call
    from vxdata.server.listeners.http.calls import Calls
    from vxdata.server.services.cohorts import CohortService

Limit = Annotated[int, Query(ge=0, le=MAX_ROWS, description="Most rows of the page.")]
NoLimit = Annotated[
    int | None, Query(ge=0, le=MAX_ROWS, description="Most rows of the page; all by default.")
]
Offset = Annotated[int, Query(ge=0, le=MAX_ROWS, description="Rows to leave out first.")]
NoOffset = Annotated[int | None, Query(ge=0, le=MAX_ROWS, description="Rows to leave out first.")]
DataSource = Annotated[str, Query(description="Data sources that must have the rows, between commas.")]

DEFAULT_LIMIT: Final = 100


def build_catalog_app(name: str, cohorts: CohortService, calls: Calls) -> FastAPI:
    """Make the application of a catalog.

    Args:
        name: Name of the catalog.
        cohorts: Answers its questions.
        calls: Opens its calls.

    Returns:
        An application for the path of that name.
    """
    app = FastAPI(
        title=f"CDA API: {name}",
        version=version("vxdata"),
        description="Subjects and files of a catalog, and what is known of them.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers={
            CallFailed: errors.call_failed,
            HTTPException: errors.refused,
            RequestValidationError: errors.not_valid,
            Exception: errors.unexpected,
        },
    )
    routes = _Routes(name, cohorts, calls)
    for path, endpoint, model, body in (
        ("/data/subject", routes.subject_fetch_rows_endpoint, PagedResponseObj, DataRequestBody),
        ("/data/file", routes.file_fetch_rows_endpoint, PagedResponseObj, DataRequestBody),
        ("/summary/subject", routes.subject_summary_endpoint, SummaryResponseObj, SummaryRequestBody),
        ("/summary/file", routes.file_summary_endpoint, SummaryResponseObj, SummaryRequestBody),
        ("/column_values/{column}", routes.column_values_endpoint, ColumnValuesResponseObj, None),
    ):
        _add(app, path, endpoint, "POST", model, body)
    _add(app, "/columns/", routes.columns_endpoint, "GET", ColumnResponseObj)
    _add(app, "/release_metadata/", routes.release_metadata_endpoint, "GET", ReleaseMetadataObj)
    app.add_api_route("/", _to_docs, include_in_schema=False)
    describe_with_bodies(app, BODIES)
    add_pages(app)
    return app


def _add(
    app: FastAPI,
    path: str,
    endpoint: Callable[..., Any],
    method: str,
    model: type[BaseModel],
    body: type[BaseModel] | None = None,
) -> None:
    """Add a route, with and without a slash at its end: clients of the API follow no redirects."""
    bare = path.rstrip("/")
    other = bare if path.endswith("/") else f"{path}/"
    app.add_api_route(
        path,
        endpoint,
        methods=[method],
        response_model=model,
        responses=(REFUSED if method == "POST" else {}) | FAILED,
        openapi_extra=None if body is None else body_of(body),
        tags=[bare.split("/")[1]],
    )
    app.add_api_route(other, endpoint, methods=[method], response_model=None, include_in_schema=False)


async def _to_docs(request: Request) -> Response:
    return redirect(request, "docs")


class _Routes:
    """What each route asks for."""

    def __init__(self, name: str, cohorts: CohortService, calls: Calls) -> None:
        self._name = name
        self._cohorts = cohorts
        self._calls = calls

    async def subject_fetch_rows_endpoint(
        self, request: Request, limit: Limit = DEFAULT_LIMIT, offset: Offset = 0
    ) -> Response:
        """Rows of subjects."""
        return await self._rows(request, "subject", limit, offset)

    async def file_fetch_rows_endpoint(
        self, request: Request, limit: Limit = DEFAULT_LIMIT, offset: Offset = 0
    ) -> Response:
        """Rows of files."""
        return await self._rows(request, "file", limit, offset)

    async def subject_summary_endpoint(self, request: Request) -> Response:
        """A summary of subjects."""
        return await self._summary(request, "subject")

    async def file_summary_endpoint(self, request: Request) -> Response:
        """A summary of files."""
        return await self._summary(request, "file")

    async def column_values_endpoint(
        self,
        request: Request,
        column: str,
        data_source: DataSource = "",
        limit: NoLimit = None,
        offset: NoOffset = None,
    ) -> Response:
        """All values of a column, each with its number of rows."""
        begin = offset or 0
        following = answers.next_page(request, limit, begin)

        def run(_: bytes, call: Call) -> Reply:
            rows = self._cohorts.values(self._name, column, data_source, limit, begin, call)
            return Reply(answers.paged(rows, following))

        return await self._calls.answer(request, "column_values", run)

    async def columns_endpoint(self, request: Request) -> Response:
        """All columns that can be named."""

        def run(_: bytes, call: Call) -> Reply:
            return Reply(once(answers.as_json({"result": self._cohorts.columns(self._name, call)})))

        return await self._calls.answer(request, "columns", run)

    async def release_metadata_endpoint(self, request: Request) -> Response:
        """What the release consists of."""

        def run(_: bytes, call: Call) -> Reply:
            return Reply(answers.listed(self._cohorts.release_metadata(self._name, call)))

        return await self._calls.answer(request, "release_metadata", run)

    async def _rows(self, request: Request, endpoint: str, limit: int, offset: int) -> Response:
        following = answers.next_page(request, limit, offset)

        def run(content: bytes, call: Call) -> Reply:
            body = read_body(DataRequestBody, content)
            rows = self._cohorts.rows(plan_of(self._name, endpoint, body, limit, offset), call)
            return Reply(answers.paged(rows, following))

        return await self._calls.answer(request, f"data_{endpoint}", run)

    async def _summary(self, request: Request, endpoint: str) -> Response:
        def run(content: bytes, call: Call) -> Reply:
            body = read_body(SummaryRequestBody, content)
            summary, query_sql = self._cohorts.summary(plan_of(self._name, endpoint, body), call)
            return Reply(answers.summarised(summary, query_sql))

        return await self._calls.answer(request, f"summary_{endpoint}", run)
